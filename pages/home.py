"""Home: what this is, a picture of the result, samples, and the latest studies."""

from pathlib import Path

import streamlit as st

from pages.components.frame import next_step, page_frame
from pages.components.intake.views import show_samples
from pages.components.state import all_studies, go_to, link_to
from pages.components.studies.list import show_list
from pages.components.text import text

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "compare.png"
N_LATEST = 5

page_frame(text("home.title"))

if PICTURE.exists():
    words, picture = st.columns([3, 2], gap="large")
    picture.image(PICTURE, caption=text("home.picture"), alt=text("home.picture"))
else:
    words = st.container(width=760)
with words:
    st.markdown(text("home.what"))
    with st.container(border=True, key="home_way"):
        st.markdown(text("home.way"))

st.subheader(text("home.samples"), anchor=False)
show_samples("home")

st.subheader(text("home.latest"), anchor=False)
latest = all_studies()[:N_LATEST]
if latest:
    show_list(latest, place="home")
    link_to("studies", text("app.all_studies"), icon=":material/list:")
else:
    st.caption(text("home.no_studies"))

with next_step():
    if st.button(
        text("home.start"), key="home_next", type="primary", icon=":material/add:"
    ):
        go_to("data")
