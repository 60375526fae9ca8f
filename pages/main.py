"""Navigation: which pages there are, and the frame of errors around them."""

import sys
from pathlib import Path

import streamlit as st

# The entry script lies in a folder of its own; imports start at the root.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from pages.components.account import current_account  # noqa: E402
from pages.components.frame import error_boundary  # noqa: E402
from pages.components.text import text  # noqa: E402

PAGES = (
    *("home", "data", "setup", "progress", "compare", "forecast", "explain"),
    "studies",
)


def main() -> None:
    """Run the page of the URL."""
    here = Path(__file__).parent
    st.set_page_config(page_title=text("app.name"), page_icon="📈", layout="wide")
    st.html(here / "components" / "style.css")
    pages = [
        st.Page(
            here / f"{name}.py",
            title=text(f"app.title_{name}"),
            url_path="" if name == "home" else name,
            default=name == "home",
        )
        for name in PAGES
        if (here / f"{name}.py").exists()
    ]
    page = st.navigation(pages, position="hidden")
    with error_boundary():
        # The server has checked it for the connection; nobody passes by another way.
        current_account()
        page.run()


main()
