"""HTTP: routes, schemas, problem documents, API keys, limits."""
