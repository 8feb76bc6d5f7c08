"""The web page: a list of photographs, and one of them with its overlay."""

from service.web.page import install_page

__all__ = ["install_page"]
