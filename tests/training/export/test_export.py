import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession

from service.engines.contract import METADATA_KEY, ModelMetadata
from service.engines.model import Model
from service.preprocessing import PreprocessingConstants, decode, prepare
from tests.training.export.described import DATA, metadata
from tests.training.pictures import normal_images, retina
from training.config import NetworkConfig, StageConfig, TrainingConfig
from training.evaluation.calibration import calibrate
from training.evaluation.methods import network_predictor
from training.export.graph import write_graph
from training.export.model import export_run
from training.export.parity import TOLERANCE, ParityError, largest_difference, require_parity
from training.networks.anomaly_network import AnomalyNetwork
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.networks.normalization import Normalization
from training.presets import COMPACT
from training.run import RunRecord, digests, train
from training.stages.stage import Hardware

SIZE = 64
STAGE = StageConfig(
    epochs=2, warmup_epochs=0, batch_size=2, learning_rate=1e-3, final_learning_rate=0, window=SIZE
)
CONFIG = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), fold=2, local_contrast=True, standardize=True),
    reconstruction=STAGE,
    localization=STAGE,
)


@pytest.fixture
def network():
    """An untrained network whose statistics and probabilities are spread as a trained one's are."""
    torch.manual_seed(0)
    localizer = GuidedLocalizer(COMPACT.network, Autoencoder(COMPACT.network))
    localizer.train()
    for seed in range(3):
        localizer(torch.from_numpy(retina(seed, 256))[None])
    torch.nn.init.normal_(localizer.head.weight, std=0.5)
    return AnomalyNetwork(localizer).eval()


@pytest.fixture
def images():
    return normal_images(range(4), SIZE)


@pytest.fixture
def held_back():
    return normal_images(range(4, 6), SIZE)


@pytest.fixture
def run(tmp_path, images, held_back):
    record = RunRecord(
        config=CONFIG,
        preprocessing=PreprocessingConstants(size=SIZE),
        data=DATA,
        training=digests(images.natural),
        held_back=digests(held_back.natural),
    )
    folder = tmp_path / "run"
    train(record, images, held_back, folder, Hardware(workers=0, mixed_precision=False))
    return folder


@pytest.mark.parametrize("flips", [False, True])
def test_the_graph_keeps_the_contract_for_any_batch(tmp_path, network, flips):
    path = tmp_path / "model.onnx"
    network = AnomalyNetwork(network.localizer, flips=flips).eval()
    write_graph(network, metadata(256), path)
    assert largest_difference(network, path, [retina(0, 256)]) < TOLERANCE
    model = Model(path, device="cpu")
    batch = np.stack([retina(seed, 256) for seed in range(3)])
    scores, heatmaps = model.run(batch)
    assert (scores.shape, heatmaps.shape) == ((3,), (3, 256, 256))
    assert (heatmaps[~batch.any(axis=3)] == 0).all()
    highest = np.sort(heatmaps.reshape(3, -1), axis=1)[:, -10:]
    np.testing.assert_allclose(scores, highest.mean(axis=1), rtol=1e-5)
    alone, _ = model.run(batch[1:2])
    np.testing.assert_allclose(alone[0], scores[1], atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_onnx_runtime_takes_the_mean_of_half_a_million_pixels_as_exactly_as_torch(tmp_path):
    # Every layer sees what is made of it.
    normalization = Normalization(local_contrast=True, standardize=True)
    noise = np.random.default_rng(0).normal(200, 5, (1, 768, 768, 3))
    image = torch.from_numpy(np.clip(noise, 1, 255).astype(np.uint8))
    path = tmp_path / "normalization.onnx"
    torch.onnx.export(normalization, (image,), str(path), input_names=["image"], dynamo=False)
    (channels, _) = InferenceSession(path).run(None, {"image": image.numpy()})
    np.testing.assert_allclose(channels, normalization(image)[0].numpy(), atol=1e-4)


def test_the_metadata_travels_in_the_file(tmp_path, network):
    path = tmp_path / "model.onnx"
    write_graph(network, metadata(256), path)
    properties = {item.key: item.value for item in onnx.load(path).metadata_props}
    assert ModelMetadata.model_validate_json(properties[METADATA_KEY]) == metadata(256)
    assert Model(path, device="cpu").metadata == metadata(256)


def test_torch_and_onnx_runtime_agree_on_photographs_through_the_real_preprocessing(
    tmp_path, network, fundus_data
):
    photographs = sorted((fundus_data / "fullsize").iterdir())[::5]
    images = [prepare(decode(path.read_bytes(), max_pixels=50_000_000)).image for path in photographs]
    path = tmp_path / "model.onnx"
    write_graph(network, metadata(768), path)
    assert 0 < largest_difference(network, path, images) < TOLERANCE


def test_a_file_that_disagrees_with_the_network_is_refused(tmp_path, network):
    path = tmp_path / "model.onnx"
    write_graph(network, metadata(256), path)
    with torch.no_grad():
        network.localizer.head.bias += 0.5
    with pytest.raises(ParityError, match="differs"):
        require_parity(network, path, [retina(0, 256)])


def test_a_run_becomes_a_model_and_a_card(tmp_path, run, held_back):
    model = export_run(run, held_back, tmp_path / "models", name="tiny", version="3", results="| a |")
    described = Model(model, device="cpu").metadata
    assert (described.name, described.version, described.training_data) == ("tiny", "3", DATA)
    assert sorted(path.name for path in model.parent.iterdir()) == ["tiny.md", "tiny.onnx"]
    card = model.with_suffix(".md").read_text()
    assert "**Do not rely on it.**" in card
    for part in ("# tiny 3", "drawn retinas", "CC0-1.0", "| a |", "no medical device", '"focusing": 2.0'):
        assert part in card
    assert "training export RUN PHOTOGRAPHS --name tiny --version 3\n" in card


def test_a_model_exported_again_has_no_int8_variant_of_the_former(tmp_path, run, held_back):
    variant = tmp_path / "tiny.int8.onnx"
    for stale in (variant, variant.with_suffix(".md")):
        stale.write_text("of the former")
    export_run(run, held_back, tmp_path, name="tiny", version="4")
    assert not variant.exists()
    assert not variant.with_suffix(".md").exists()


def test_flips_cost_no_weights_and_are_named_in_the_card(tmp_path, run, held_back):
    once = export_run(run, held_back, tmp_path / "models", name="once", version="1")
    flipped = export_run(run, held_back, tmp_path / "models", name="flipped", version="1", flips=True)
    sizes = [
        sum(weight.ByteSize() for weight in onnx.load(path).graph.initializer) for path in (once, flipped)
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.01)
    assert "--version 1 --flips" in flipped.with_suffix(".md").read_text()
    assert "its three mirror images" in flipped.with_suffix(".md").read_text()
    assert "its three mirror images" not in once.with_suffix(".md").read_text()
    batch = held_back.prepared
    _, heatmaps = Model(flipped, device="cpu").run(batch)
    _, mirrored = Model(flipped, device="cpu").run(np.ascontiguousarray(batch[:, :, ::-1]))
    np.testing.assert_allclose(mirrored[:, :, ::-1], heatmaps, atol=1e-5)


def test_a_disagreeing_export_leaves_nothing_behind(tmp_path, run, held_back, monkeypatch):
    monkeypatch.setattr("training.export.parity.TOLERANCE", -1.0)
    with pytest.raises(ParityError):
        export_run(run, held_back, tmp_path / "models", name="tiny", version="1")
    assert list((tmp_path / "models").iterdir()) == []


def test_thresholds_follow_the_held_back_normals(held_back):
    torch.manual_seed(0)
    localizer = GuidedLocalizer(CONFIG.network, Autoencoder(CONFIG.network))
    predict = network_predictor(AnomalyNetwork(localizer).eval())
    calibration = calibrate(predict, held_back, PreprocessingConstants(size=SIZE), CONFIG)
    scores = np.array(calibration.normal_scores)
    assert len(scores) == 101
    assert (np.diff(scores) >= 0).all()
    assert calibration.decision.value == pytest.approx(scores[90], rel=1e-5)
    assert "2 held-back" in calibration.decision.chosen_by
