"""File names that try to leave their place, or to be more than text."""

# Where a name has room for it, so that a path made of it is recognised.
MARK = "zq7mark"

HOSTILE_NAMES: tuple[str, ...] = (
    *(f"../../{MARK}.csv", f"/etc/{MARK}", f"/tmp/{MARK}.csv", f"C:\\{MARK}.csv"),
    *(f"..\\..\\{MARK}.csv", f"\\\\server\\{MARK}", f"%2e%2e%2f{MARK}.csv"),
    *(f"%252e%252e%252f{MARK}.csv", f"..%c0%af{MARK}.csv", f"....//{MARK}.csv"),
    *(f"{MARK}.csv\x00.exe", f"{MARK}.csv%00.exe", "CON", "NUL.csv", "aux.csv"),
    *("n" * 300 + MARK + ".csv", f"😀{MARK}😀.csv", f"\u202e{MARK}vsc.exe"),
    *(f"\u200b{MARK}\u2066.csv", "", ".", "..", "...", "-rf", f"--{MARK}", "~"),
    *(f"~root/{MARK}", f"{MARK}\n.csv", f"{MARK}\r\nX-Header: 1", f"{MARK}\t.csv"),
    *(f"file:///{MARK}", f"http://{MARK}/x.csv", f"studies-secret/{MARK}.csv"),
    *(f"../studies-secret/{MARK}.csv", f"$(touch {MARK}).csv", f"`touch {MARK}`.csv"),
    *(f"; touch {MARK} #.csv", f"| tee {MARK}", f"{MARK}.csv/../../x", "*", "?*.csv"),
    *(f"<img src=x onerror={MARK}>.csv", f"[{MARK}](javascript:alert(1)).csv"),
    *(f":red[{MARK}].csv", f"${MARK}$.csv", f"**{MARK}**.csv", f"{MARK}.csv' OR 1=1"),
    *("{0}.csv", "%s%n.csv", "{{7*7}}.csv", f"/proc/self/{MARK}", " ", "\ufeff.csv"),
)
