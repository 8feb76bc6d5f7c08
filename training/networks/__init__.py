"""The networks of both stages and what is exported of them."""
