"""What is written of an evaluation: tables, plots, pages of photographs."""
