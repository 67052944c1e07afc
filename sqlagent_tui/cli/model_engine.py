"""What `doctor` and `model calibrate` say of how llama.cpp is set up for a model file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.cli.findings import Finding
from sqlagent_tui.models.calibration.result import FAILED, Calibration, told
from sqlagent_tui.models.settings import EngineSettings

_INSTALL = 'CMAKE_ARGS="-DGGML_CUDA=on" pip install --force-reinstall --no-binary llama-cpp-python llama-cpp-python'


def engine_findings(model: Model) -> Iterator[Finding]:
    """Tell the settings in force, why they are what they are, and whether there is a GPU; nothing for a server."""
    from sqlagent_tui.models.calibration.calibrate import worth_while
    from sqlagent_tui.models.calibration.machine import gpu_backend, library_version
    from sqlagent_tui.models.llama import LlamaModel

    if not isinstance(model, LlamaModel) or model.setup is None:
        return
    setup = model.setup
    if setup.warning:
        yield Finding(
            "model", "warning", setup.warning, "Choose a smaller context, a smaller model, or close programs."
        )
    backend, version = gpu_backend(), library_version()
    if not backend:
        message = f"llama-cpp-python {version} is built without a GPU: the processor computes everything."
        remedy = f"If there is one (NVIDIA here; else GGML_VULKAN, GGML_HIP, GGML_METAL): {_INSTALL}=={version}"
        yield Finding("engine", "note", message, remedy)
    else:
        layers = "all layers" if setup.settings.gpu_layers < 0 else f"{setup.settings.gpu_layers} layers"
        yield Finding("engine", "ok", f"llama-cpp-python {version} is built for {backend}: {layers} on the GPU")
    yield Finding("engine", "ok", in_force(setup.settings))
    if pinned := setup.pins.pinned:
        values = ", ".join(f"{name} {told(value)}" for name, value in pinned.items())
        yield Finding("engine", "ok", f"pinned under [model] in config.toml: {values}")
    if setup.calibration:
        for line in outcome(setup.calibration):
            yield Finding("engine", "ok", line)
        if FAILED in next(
            (choice.why for choice in setup.calibration.choices if choice.setting == "extra_buffers"), ""
        ):
            remedy = "Built by another compiler, llama.cpp may pass; prompts are then read up to three times as fast."
            yield Finding("engine", "note", "this build of llama.cpp can't use the processor's matrix unit", remedy)
    elif not worth_while(setup.file):
        yield Finding("engine", "ok", "not calibrated: so small a model is quick with any settings")
    else:
        remedy = "The app measures when nobody waits. At once: sqlagent-tui model calibrate"
        yield Finding("engine", "note", "not calibrated on this machine yet: the settings are cautious", remedy)


def in_force(settings: EngineSettings) -> str:
    """Say the settings in one line."""
    return (
        f"threads: {settings.threads} to write, {settings.threads_batch} to read; {settings.n_ubatch} tokens at once; "
        f"flash attention {told(settings.flash_attention)}; extra buffers {told(settings.extra_buffers)}"
    )


def outcome(calibration: Calibration) -> Iterator[str]:
    """Say what was measured, and what came of it, in lines."""
    saved = f"a turn takes {calibration.saved:.0%} less time than with" if calibration.saved else "nothing better than"
    yield (
        f"calibrated in {calibration.seconds:.0f} s: {saved} the defaults; "
        f"reads about {1 / calibration.read_seconds:.0f} tokens/s, writes {1 / calibration.write_seconds:.1f}"
    )
    for choice in calibration.choices:
        yield f"{choice.setting} {told(choice.value)}: {choice.why}"
