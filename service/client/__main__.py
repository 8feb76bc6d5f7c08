"""``python -m service.client``."""

from service.client.command_line import main

if __name__ == "__main__":
    main()
