"""HTTP: routes, what they take and answer, who may ask, and what goes wrong."""
