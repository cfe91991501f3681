"""The site of the Kafka tests and the demo: integration/shop, which declares the
fleet that loadgen simulates, with a `kafka:` section of one's own."""

from sequitur_cli import ROOT

SHOP = ROOT / "integration" / "shop"


def write(path, kafka, more=""):
    """Writes the configuration to `path`, anywhere; `kafka` is the section's
    YAML, indented by two blanks; `more` are sections besides. The pages take any
    free port, which the log names."""
    shop = (SHOP / "sequitur.yaml").read_text(encoding="utf-8")
    shop = shop.replace("../../config", str(ROOT / "config"))
    shop = shop.replace("services: services.yaml", f"services: {SHOP}/services.yaml")
    http = "" if "http:" in more else "http: {listen: 127.0.0.1:0}\n"
    path.write_text(f"{shop}\n{http}{more}\nkafka:\n{kafka}", encoding="utf-8")
