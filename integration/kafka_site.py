"""The site of the Kafka tests and the demo: integration/shop, which declares the
fleet that loadgen simulates, with a `kafka:` section of one's own."""

from sequitur_cli import ROOT

SHOP = ROOT / "integration" / "shop"


def write(path, kafka):
    """Writes the configuration to `path`, anywhere; `kafka` is the section's
    YAML, indented by two blanks."""
    shop = (SHOP / "sequitur.yaml").read_text(encoding="utf-8")
    shop = shop.replace("../../config", str(ROOT / "config"))
    shop = shop.replace("services: services.yaml", f"services: {SHOP}/services.yaml")
    path.write_text(f"{shop}\nkafka:\n{kafka}", encoding="utf-8")
