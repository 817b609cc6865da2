"""A label press and a bag maker: what their PLCs' registers show at a time. Pure; time and seed are passed in."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from random import Random

from agent.demo.shift import REASONS, Phase, shift
from agent.demo.steps import STEP_S, Stepping
from drivers.contract import Value

STATE_WORD = {"make_ready": 2, "run": 3, "micro_stop": 1, "stop": 4}
"""How a maker numbers states: 1 stopped, 2 make-ready, 3 production, 4 fault."""
JOBS = ("GD20260302-07 缺料标签", "GD20260302-08 洗发水标", "GD20260303-01 酱油瓶标")
BAG_JOBS = ("三边封袋 150x220", "自立袋 180x260", "风琴袋 120x300")


class Machine(Stepping):
    """Speed, states and the web that runs through it; what is common to both."""

    def __init__(self, seed: str, metres_per_min: float, ramp_s: float, roll_mm: float) -> None:
        super().__init__(seed)
        self.rated = metres_per_min
        self.speed = 0.0
        """Metres a minute, now."""
        self.shown_speed = 0.0
        """The same as its encoder shows it: never still."""
        self.metres = 0.0
        self.roll_mm = self._full_roll_mm = roll_mm
        self._change = metres_per_min / ramp_s * STEP_S
        self._phases = shift(self.random)
        self.phase: Phase = next(self._phases)
        self._phase_ends = self.phase.seconds

    @abstractmethod
    def work(self, metres: float) -> None:
        """What a step of so many metres makes."""

    def step(self, t: float) -> None:
        if t > self._phase_ends:
            self.phase = next(self._phases)
            self._phase_ends += self.phase.seconds
        target = self.phase.speed * self.rated
        wanted = max(-3 * self._change, min(self._change, target - self.speed))  # brakes are faster than motors
        self.speed = max(0.0, self.speed + wanted)
        self.shown_speed = self.speed * (1 + self.random.uniform(-0.004, 0.004))
        metres = self.speed / 60 * STEP_S
        self.metres += metres
        self._unwind(metres)
        self.work(metres)

    def _unwind(self, metres: float) -> None:
        """A roll of 0.15 mm material gets thinner; at the core it is replaced."""
        rest = self.roll_mm**2 - 4 * metres * 1000 * 0.15 / math.pi
        self.roll_mm = math.sqrt(rest) if rest > 90**2 else self._full_roll_mm


class Heater:
    """A temperature that follows what it is set to, slowly, and drifts."""

    def __init__(self, random: Random, start: float) -> None:
        self._random = random
        self.celsius = start

    def step(self, target: float) -> None:
        self.celsius += (target - self.celsius) * STEP_S / 25 + self._random.gauss(0, 0.02)


class LabelPress(Machine):
    """Flexo press with an Inovance H5U: 120 m/min, a label every 50 mm, a good counter of 16 bits."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"press/{seed}", metres_per_min=120, ramp_s=3, roll_mm=600.0)
        self._dryers = Heater(self.random, 57.0), Heater(self.random, 59.5)
        self._labels = self._register_um = 0.0
        self._good, self._waste, self._reject, self._tension = 65_400, 0, 0, 0.0

    def work(self, metres: float) -> None:
        self._labels += metres / 0.05
        made, self._labels = int(self._labels), self._labels % 1
        bad = sum(self.random.random() < 0.01 for _ in range(made))
        if self.phase.act == "make_ready":
            self._waste += made
        else:
            self._good, self._reject = self._good + made - bad, self._reject + bad
        for dryer, warm in zip(self._dryers, (62.0, 65.0), strict=True):
            dryer.step(warm if self.speed else warm - 8)
        unrest = 12.0 if self.phase.act == "make_ready" else 3.0
        self._register_um += -0.15 * self._register_um + self.random.gauss(0, unrest) * bool(self.speed)
        self._tension = 185 + self.random.gauss(0, 1.5) if self.speed else self._tension * 0.9

    def shown(self) -> Mapping[str, Value]:
        alarm = self.phase.alarm
        state = STATE_WORD[self.phase.act]
        return {
            "speed": round(self.shown_speed * 10),
            "speed_setpoint": round(self.phase.speed * self.rated * 10),
            "count_good": self._good % 65_536,
            "count_reject": self._reject % 65_536,
            "count_waste_setup": self._waste % 65_536,
            "length_total": round((38_415 + self.metres) * 10),
            "state": state,
            "mode": state,
            "alarm_no_material": alarm,
            "alarm_guard_open": alarm,
            "stop_reason": REASONS.get(alarm, 0),
            "x_running": self.speed > 0,
            "job": JOBS[self.phase.job % len(JOBS)],
            "temperature_dryer1": round(self._dryers[0].celsius * 10),
            "temperature_dryer2": round(self._dryers[1].celsius * 10),
            "register_error": max(-500, min(500, round(self._register_um))),
            "tension": round(self._tension * 10),
            "roll_diameter": round(self.roll_mm * 10),
        }


class BagMaker(Machine):
    """Bag maker with a Delta DVP: 240 bags/min of 220 mm, two seal bars, counters of 32 bits."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"bags/{seed}", metres_per_min=240 * 0.22, ramp_s=1.5, roll_mm=420.0)
        self._bars = Heater(self.random, 148.0), Heater(self.random, 151.0)
        self._bags = 0.0
        self._good, self._reject = 1_204_880, 3_112

    def work(self, metres: float) -> None:
        self._bags += metres / 0.22
        made, self._bags = int(self._bags), self._bags % 1
        bad = sum(self.random.random() < (0.5 if self.phase.act == "make_ready" else 0.02) for _ in range(made))
        self._good, self._reject = self._good + made - bad, self._reject + bad
        for bar in self._bars:
            bar.step(150.0 if self.speed else 152.0)

    def shown(self) -> Mapping[str, Value]:
        alarm, job = self.phase.alarm, BAG_JOBS[self.phase.job % len(BAG_JOBS)]
        return {
            "speed": round(self.shown_speed / 0.22),
            "count_good": self._good,
            "count_reject": self._reject % 65_536,
            "cycles": self._good + self._reject,
            "state": STATE_WORD[self.phase.act],
            "alarm_active": alarm != 0,
            "stop_reason": REASONS.get(alarm, 0),
            "job": job,
            "temperature_seal_upper": round(self._bars[0].celsius * 10),
            "temperature_seal_lower": round(self._bars[1].celsius * 10),
            "roll_diameter": self.roll_mm,
            "power_active": 1.1 + self.speed * 0.09,
        }
