"""The paper's tables, made again on the data at hand: every row trained and measured beside the paper's."""
