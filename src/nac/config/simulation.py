"""Settings of the simulations that stand in for data, or join them in the training split."""

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from nac.config.base import Model


class BraggSimulation(Model):
    """Rotated pseudo-Voigt peaks on a detector, in pixels and detector counts.

    The defaults resemble fits of 367 clean ruby peaks of two Dexela panels: heights spread log-normally (median 3,000,
    a factor of 2.3; at least twice the threshold), widths 0.9 px, up to 1.4 times as long as wide, two thirds
    Lorentzian, 5.5 counts per photon, counts up to `threshold` set to zero, saturation at 16,089. A share `neighbours`
    of the patches has a second peak.
    """

    amplitude: PositiveFloat = 3000.0
    amplitude_spread: float = Field(0.9, ge=0, le=5)
    width_px: PositiveFloat = 0.92
    width_spread: float = Field(0.15, ge=0, le=2)
    elongation: float = Field(1.5, ge=1, le=10)
    lorentzian: float = Field(0.65, ge=0, le=1)
    lorentzian_spread: float = Field(0.2, ge=0, le=1)
    offset_px: float = Field(0.6, ge=0, le=3)
    neighbours: float = Field(0.25, ge=0, le=1)
    neighbour_distance_px: tuple[float, float] = (3.0, 8.0)
    neighbour_height: tuple[float, float] = (0.05, 1.0)
    background: float = Field(20.0, ge=0)
    gain: PositiveFloat = 5.5
    noise: float = Field(10.0, ge=0)
    distortion: float = Field(0.015, ge=0, le=1)
    threshold: float = Field(250.0, ge=0)
    saturation: float = Field(16089.0, gt=0, le=65535)

    @model_validator(mode="after")
    def _ordered(self) -> "BraggSimulation":
        for name in ("neighbour_distance_px", "neighbour_height"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name}: expected two rising numbers")
        if 2 * self.threshold >= self.saturation:
            raise ValueError("threshold: expected less than half of saturation")
        return self


class PulseSimulation(Model):
    """Pulses of a calorimeter's shaper (CR-RC²) as a digitiser samples them every `sample_ns`.

    The pulse has an energy that is spread evenly in its logarithm and begins within `jitter_ns` of when it is
    expected, a share `expected` into the window; on average `pileup` others, of exponential energies, begin at any
    time in the window or before. Noise is in ADC counts. With the defaults a pulse may begin almost anywhere in 64
    samples, as in a digitiser that runs free.
    """

    sample_ns: PositiveFloat = 6.25
    peaking_ns: PositiveFloat = 25.0
    energy_gev: tuple[PositiveFloat, PositiveFloat] = (2.0, 20.0)
    expected: float = Field(0.42, ge=0, le=1)
    jitter_ns: float = Field(150.0, ge=0)
    pileup: float = Field(2.0, ge=0, le=20)
    pileup_gev: PositiveFloat = 0.7
    counts_per_gev: PositiveFloat = 60.0
    noise: float = Field(20.0, ge=0)
    pedestal: float = Field(200.0, ge=0)
    saturation: PositiveFloat = 4095.0

    @model_validator(mode="after")
    def _ordered(self) -> "PulseSimulation":
        if self.energy_gev[0] >= self.energy_gev[1]:
            raise ValueError("energy_gev: expected two rising numbers")
        return self


class ReadoutSimulation(Model):
    """Read-out of a qubit through a resonator of linewidth `kappa_mhz`, `chi_mhz` off the drive to either side.

    I and Q are sampled every `sample_ns` at an intermediate frequency `if_mhz`; `amplitude` of the field on resonance
    and noise are in ADC counts. Excited qubits decay with `t1_us`; a share `preparation_error` begins otherwise.
    """

    sample_ns: PositiveFloat = 5.0
    kappa_mhz: PositiveFloat = 2.0
    chi_mhz: PositiveFloat = 0.7
    if_mhz: float = Field(12.5, ge=0)
    amplitude: PositiveFloat = 60.0
    noise: float = Field(200.0, ge=0)
    t1_us: PositiveFloat = 20.0
    preparation_error: float = Field(0.01, ge=0, le=0.5)
    saturation: PositiveFloat = 2047.0


class JetSimulation(Model):
    """Pairs of jets from Pythia 8, clustered by fastjet with the anti-kT algorithm.

    Particles are summed in cells of that size in Δη and Δφ, as a calorimeter does (`cell: 0`: not), and the `particles`
    hardest are kept. Without the `underlying_event` masses come out as after grooming, in half of the time.
    """

    energy_gev: float = Field(13000.0, gt=1000, le=100000)
    pt_gev: tuple[float, float] = (985.0, 1015.0)
    jet_pt_min_gev: PositiveFloat = 700.0
    radius: float = Field(0.8, gt=0, le=2)
    eta_max: float = Field(2.5, gt=0, le=6)
    particles: PositiveInt = 64
    cell: float = Field(0.02, ge=0, le=0.5)
    underlying_event: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> "JetSimulation":
        if not 0 < self.pt_gev[0] < self.pt_gev[1] < self.energy_gev / 2:
            raise ValueError("pt_gev: expected two rising numbers below half of energy_gev")
        return self
