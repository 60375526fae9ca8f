"""Tables with many sequences, or with labels, made by code: one for each task."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.groups.settings import GroupSettings
from search.data.groups.suggestion import SuggestedKind
from search.errors import ConfigError

# Share of the variance of the final purity that is noise: no model reaches R² above
# one minus this.
PURITY_NOISE = 0.04
_FAULTS = ("normal", "imbalance", "bearing damage", "cavitation")


@dataclass(frozen=True)
class GroupSample:
    """A built-in table and the settings that suit it.

    Attributes
    ----------
    name
        Key in `GROUP_SAMPLES`.
    title, description
        Texts for the page.
    kind
        Task that the table is made for.
    settings
        Groups, time, targets and features.
    n_groups, n_rows
        Groups and rows.
    """

    name: str
    title: str
    description: str
    kind: SuggestedKind
    settings: GroupSettings
    n_groups: int
    n_rows: int


def make_group_sample(name: str) -> bytes:
    """Return the sample called `name` as a CSV file; the same bytes every time.

    Raises
    ------
    ConfigError
        If there is no sample of this name.
    """
    if name not in _MAKERS:
        raise ConfigError(f"`name` must be one of {', '.join(_MAKERS)}, got {name!r}.")
    frame = _MAKERS[name]()
    return bytes(frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def purity_ceiling() -> float:
    """Return the highest R² that any model can reach on the batch reactor.

    It is one minus the variance of the noise over that of the purity, computed from
    the very noise in the sample: about 0.96. A mean absolute error below that of the
    noise, 0.8 of its standard deviation, is out of reach as well.
    """
    _, clean, noise = _batches()
    return float(1 - np.var(noise) / np.var(clean + noise))


def _batches() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return 120 batches, and the purity of each without noise and its noise.

    A batch is filled, heated, held and cooled. The purity rises with the temperature
    of holding and the time at it, and falls with the speed of feeding.
    """
    random = np.random.default_rng(21)
    parts, clean = [], []
    for number in range(1, 121):
        n_fill, n_hold = int(random.integers(8, 16)), int(random.integers(18, 42))
        hold, feed = random.uniform(74, 90), random.uniform(32, 58)
        filling = np.full(n_fill, 25.0)
        heating = np.linspace(25.0, hold, 8)
        cooling = hold - np.linspace(0, hold - 35.0, 7)
        level = np.concatenate([filling, heating, np.full(n_hold, hold), cooling])
        temperature = level + random.normal(0, 0.25, len(level))
        is_fed = np.arange(len(level)) < n_fill
        flow = np.where(is_fed, feed, 0.0) + random.normal(0, 0.2, len(level))
        pressure = 1.0 + 0.014 * level + random.normal(0, 0.01, len(level))
        parts.append(
            pd.DataFrame(
                {
                    "batch": f"B{number:03d}",
                    "time [min]": 5 * np.arange(len(level)),
                    "temperature [°C]": temperature.round(2),
                    "pressure [bar]": pressure.round(3),
                    "feed flow [kg/h]": np.maximum(flow, 0.0).round(2),
                }
            )
        )
        clean.append(
            84.0 + 0.45 * (hold - 82) + 0.16 * (n_hold - 30) - 0.10 * (feed - 45)
        )
    signal = np.array(clean)
    spread = np.std(signal) * np.sqrt(PURITY_NOISE / (1 - PURITY_NOISE))
    noise = random.normal(0, 1, len(signal))
    noise = spread * (noise - noise.mean()) / noise.std()
    return pd.concat(parts, ignore_index=True), signal, noise


def _batch_reactor() -> pd.DataFrame:
    frame, clean, noise = _batches()
    purity = (clean + noise).round(2)
    codes = pd.factorize(frame["batch"])[0]
    return frame.assign(**{"final purity [%]": purity[codes]})


def _pump_vibration() -> pd.DataFrame:
    """Simulate recordings of a second; each fault adds its known pattern.

    Imbalance raises the once-per-turn vibration, bearing damage gives bursts,
    cavitation noise and a pressure that sags.
    """
    random = np.random.default_rng(22)
    time, parts = np.arange(100) / 100, []
    for number in range(120):
        fault = _FAULTS[number % 4]
        turn, phase = random.uniform(11, 13), random.uniform(0, 2 * np.pi)
        size = random.uniform(2.4, 3.6) if fault == "imbalance" else 1.0
        x = size * np.sin(2 * np.pi * turn * time + phase)
        y = size * np.cos(2 * np.pi * turn * time + phase)
        noise = random.uniform(0.8, 1.2) if fault == "cavitation" else 0.25
        pressure = 4.0 + random.normal(0, 0.02, 100)
        if fault == "cavitation":
            pressure -= 0.15 * random.random(100)
        if fault == "bearing damage":
            bursts = (np.arange(100) + int(random.integers(9))) % 9 == 0
            x = x + bursts * random.uniform(2.5, 4.0)
            y = y - bursts * random.uniform(1.5, 2.5)
        parts.append(
            pd.DataFrame(
                {
                    "recording": f"R{number + 1:03d}",
                    "time [s]": time,
                    "vibration x [mm/s]": (x + random.normal(0, noise, 100)).round(3),
                    "vibration y [mm/s]": (y + random.normal(0, noise, 100)).round(3),
                    "pressure [bar]": pressure.round(3),
                    "fault": fault,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _dryer_regimes() -> pd.DataFrame:
    """Simulate a dryer that heats, holds, cools and is cleaned, over and over."""
    random = np.random.default_rng(23)
    regimes: list[str] = []
    while len(regimes) < 1_500:
        for regime, low, high in (
            ("heating", 20, 35),
            ("holding", 40, 70),
            ("cooling", 20, 30),
            ("cleaning", 10, 18),
        ):
            regimes += [regime] * int(random.integers(low, high))
    regimes = regimes[:1_500]
    power_of = {"heating": 42.0, "holding": 18.0, "cooling": 0.0, "cleaning": 3.0}
    power = np.array([power_of[one] for one in regimes]) + random.normal(0, 1.0, 1_500)
    water = np.array([6.0 if one == "cleaning" else 0.2 for one in regimes])
    temperature = np.empty(1_500)
    level = 30.0
    for row, heat in enumerate(power):
        level += 0.09 * heat - 0.045 * (level - 22.0) - 0.1 * water[row]
        temperature[row] = level
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-05-06", periods=1_500, freq="min"),
            "power [kW]": np.maximum(power, 0).round(2),
            "temperature [°C]": (temperature + random.normal(0, 0.3, 1_500)).round(2),
            "water flow [L/min]": np.maximum(
                water + random.normal(0, 0.15, 1_500), 0
            ).round(2),
            "regime": regimes,
        }
    )


def _engine_wear() -> pd.DataFrame:
    """Simulate 40 engines until they fail; wear grows faster and faster."""
    random = np.random.default_rng(24)
    parts = []
    for number in range(1, 41):
        life = int(random.integers(70, 150))
        cycle = np.arange(1, life + 1)
        wear = (cycle / life) ** 2.2
        load = 0.8 + 0.1 * np.sin(cycle / 9.0) + random.normal(0, 0.02, life)
        parts.append(
            pd.DataFrame(
                {
                    "engine": f"E{number:02d}",
                    "cycle": cycle,
                    "load [-]": load.round(3),
                    "exhaust temperature [°C]": (
                        540 + 90 * load + 55 * wear + random.normal(0, 2.0, life)
                    ).round(1),
                    "vibration [mm/s]": (
                        1.2 + 2.4 * wear + random.normal(0, 0.12, life)
                    ).round(3),
                    "oil pressure [bar]": (
                        4.6 - 1.1 * wear + random.normal(0, 0.05, life)
                    ).round(3),
                    "remaining life [cycles]": life - cycle,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _pump_anomalies() -> pd.DataFrame:
    """Simulate a pump: 1,000 normal rows, then six faults between normal rows."""
    random = np.random.default_rng(25)
    n_rows = 2_000
    step = np.arange(n_rows)
    demand = (
        30 + 4 * np.sin(2 * np.pi * step / 144) + 1.5 * np.sin(2 * np.pi * step / 31)
    )
    flow = demand + random.normal(0, 0.3, n_rows)
    current = 6.0 + 0.12 * demand + random.normal(0, 0.05, n_rows)
    pressure = 5.2 - 0.03 * demand + random.normal(0, 0.02, n_rows)
    is_fault = np.zeros(n_rows, dtype=int)
    for number, start in enumerate((1_080, 1_230, 1_390, 1_540, 1_700, 1_860)):
        rows = slice(start, start + int(random.integers(25, 50)))
        is_fault[rows] = 1
        if number % 3 == 0:  # a blocked filter
            flow[rows] -= 4.0
            pressure[rows] += 0.25
        elif number % 3 == 1:  # a leak behind the pump
            pressure[rows] -= 0.35
        else:  # a worn coupling
            current[rows] += 0.8
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-02-05", periods=n_rows, freq="10min"),
            "flow [m3/h]": flow.round(2),
            "motor current [A]": current.round(3),
            "pressure [bar]": pressure.round(3),
            "anomaly": is_fault,
        }
    )


def _shop_sales() -> pd.DataFrame:
    """Simulate two years of six shops: one week for all, sizes and trends of each."""
    random = np.random.default_rng(26)
    date = pd.date_range("2022-01-01", periods=730, freq="D")
    of_week = np.array([0.95, 0.92, 0.97, 1.05, 1.20, 1.35, 0.56])[date.day_of_week]
    parts = []
    for shop, size in zip(
        ("Aachen", "Bremen", "Celle", "Dessau", "Emden", "Fulda"),
        (240, 410, 95, 130, 180, 310),
        strict=True,
    ):
        is_promoted = random.random(730) < 0.08
        growth = 1 + random.uniform(-0.1, 0.3) * np.arange(730) / 730
        year = 1 + 0.15 * np.cos(2 * np.pi * (np.arange(730) - 350) / 365.25)
        noise = np.exp(random.normal(0, 0.06, 730))
        sales = size * of_week * growth * year * (1 + 0.4 * is_promoted) * noise
        parts.append(
            pd.DataFrame(
                {
                    "shop": shop,
                    "date": date.strftime("%Y-%m-%d"),
                    "promotion": is_promoted.astype(int),
                    "sales [units]": sales.round().astype(int),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


GROUP_SAMPLES: dict[str, GroupSample] = {
    sample.name: sample
    for sample in (
        GroupSample(
            name="batch_reactor",
            title="Batch reactor",
            description=(
                "120 batches of unequal length: filling, heating, holding, cooling, "
                "and the final purity of each. Noise keeps any model below R² = 0.96."
            ),
            kind="regression",
            settings=GroupSettings(
                Roles(
                    targets=("final purity [%]",),
                    past_features=(
                        "temperature [°C]",
                        "pressure [bar]",
                        "feed flow [kg/h]",
                    ),
                    group="batch",
                ),
                time=("time [min]",),
                target_kind="numbers",
                order="appearance",
            ),
            n_groups=120,
            n_rows=6_645,
        ),
        GroupSample(
            name="pump_vibration",
            title="Pump vibration",
            description=(
                "120 recordings of one second of a pump: normal, imbalance, bearing "
                "damage or cavitation."
            ),
            kind="classification",
            settings=GroupSettings(
                Roles(
                    targets=("fault",),
                    past_features=(
                        "vibration x [mm/s]",
                        "vibration y [mm/s]",
                        "pressure [bar]",
                    ),
                    group="recording",
                ),
                time=("time [s]",),
                target_kind="classes",
            ),
            n_groups=120,
            n_rows=12_000,
        ),
        GroupSample(
            name="dryer_regimes",
            title="Regimes of a dryer",
            description=(
                "25 hours of a dryer, one row a minute, each with its regime: heating, "
                "holding, cooling or cleaning."
            ),
            kind="labelling",
            settings=GroupSettings(
                Roles(
                    targets=("regime",),
                    past_features=(
                        "power [kW]",
                        "temperature [°C]",
                        "water flow [L/min]",
                    ),
                ),
                time=("time",),
                target_kind="classes",
            ),
            n_groups=1,
            n_rows=1_500,
        ),
        GroupSample(
            name="engine_wear",
            title="Engine wear",
            description=(
                "40 engines from new to failure, one row a cycle, with the cycles that "
                "remain: a remaining useful life to predict."
            ),
            kind="regression",
            settings=GroupSettings(
                Roles(
                    targets=("remaining life [cycles]",),
                    past_features=(
                        "load [-]",
                        "exhaust temperature [°C]",
                        "vibration [mm/s]",
                        "oil pressure [bar]",
                    ),
                    group="engine",
                ),
                time=("cycle",),
                target_kind="numbers",
                label_scope="row",
            ),
            n_groups=40,
            n_rows=4_410,
        ),
        GroupSample(
            name="pump_anomalies",
            title="Anomalies of a pump",
            description=(
                "Two weeks of a pump, a row every ten minutes: 1,000 normal rows, then "
                "six marked faults."
            ),
            kind="anomaly",
            settings=GroupSettings(
                Roles(targets=("flow [m3/h]", "motor current [A]", "pressure [bar]")),
                time=("time",),
                label="anomaly",
            ),
            n_groups=1,
            n_rows=2_000,
        ),
        GroupSample(
            name="shop_sales",
            title="Sales of six shops",
            description=(
                "Two years of daily sales of six shops in one table, for one model "
                "that forecasts them all. Promotions are known ahead."
            ),
            kind="forecasting",
            settings=GroupSettings(
                Roles(
                    targets=("sales [units]",),
                    known_features=("promotion",),
                    calendar=("weekday", "month"),
                    group="shop",
                ),
                time=("date",),
            ),
            n_groups=6,
            n_rows=4_380,
        ),
    )
}

_MAKERS: dict[str, Callable[[], pd.DataFrame]] = {
    "batch_reactor": _batch_reactor,
    "pump_vibration": _pump_vibration,
    "dryer_regimes": _dryer_regimes,
    "engine_wear": _engine_wear,
    "pump_anomalies": _pump_anomalies,
    "shop_sales": _shop_sales,
}
