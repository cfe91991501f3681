"""What deploy/ ships for Docker and Kubernetes holds together: paths that are
probed exist, ports are the configured one, every container is locked down, and
the mounted configuration is one that sequitur accepts."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from sequitur_cli import BUILD, ROOT, text

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
CHART = DEPLOY / "helm" / "sequitur"
PORT = 9464
USER = 65532


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifests():
    """Every object of the plain manifests, and of the chart where there is a
    helm to write them."""
    objects = []
    for path in sorted(KUBERNETES.glob("**/*.yaml")):
        if "site" not in path.parts and path.name != "kustomization.yaml":
            objects += [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
    if shutil.which("helm"):
        objects += chart()
    return objects


def chart(*options):
    done = subprocess.run(["helm", "template", "sequitur", str(CHART), *options], check=True,
                          capture_output=True, timeout=60)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def pods():
    return [each["spec"]["template"]["spec"] for each in manifests()
            if each["kind"] in ("StatefulSet", "Job")]


def check(config):
    """sequitur check, with the image's folder as it is in the source."""
    return subprocess.run([BUILD / "sequitur", "check", "--config", config], capture_output=True,
                          env={**os.environ, "POD_NAME": "sequitur-0"}, timeout=60, check=False)


def laid_out(folder, site):
    """`site` (paths below /etc/sequitur-site) in `folder`, pointing there."""
    for name, content in site.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.replace("/etc/sequitur-site", folder)
        path.write_text(content.replace("/etc/sequitur/", f"{ROOT}/config/"), encoding="utf-8")
    return pathlib.Path(folder) / "sequitur.yaml"


class KubernetesTest(unittest.TestCase):
    def test_containers_are_locked_down(self):
        for pod in pods():
            self.assertFalse(pod["automountServiceAccountToken"])
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual(pod["securityContext"]["runAsUser"], USER)
            for container in pod["containers"]:
                security = container["securityContext"]
                self.assertTrue(security["readOnlyRootFilesystem"])
                self.assertFalse(security["allowPrivilegeEscalation"])
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertIn("memory", container["resources"]["limits"])

    def test_probes_ask_pages_that_exist(self):
        server = (ROOT / "lib" / "pipeline" / "http_server.cc").read_text(encoding="utf-8")
        containers = [container for pod in pods() for container in pod["containers"] if "ports" in container]
        self.assertTrue(containers)
        for container in containers:
            self.assertEqual([port["containerPort"] for port in container["ports"]], [PORT])
            for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz"),
                                ("startupProbe", "/livez")):
                self.assertEqual(container[probe]["httpGet"], {"path": path, "port": "http"})
                self.assertIn(f'"{path}"', server)

    def test_names_and_labels_meet(self):
        objects = [each for each in manifests()]
        sets = [each for each in objects if each["kind"] == "StatefulSet"]
        for each in sets:
            labels = each["spec"]["template"]["metadata"]["labels"]
            self.assertLessEqual(each["spec"]["selector"]["matchLabels"].items(), labels.items())
        services = [each for each in objects if each["kind"] == "Service"]
        self.assertEqual(len(services), len(sets))
        for service, stateful in zip(services, sets):
            self.assertEqual(stateful["spec"]["serviceName"], service["metadata"]["name"])
            self.assertLessEqual(service["spec"]["selector"].items(),
                                 stateful["spec"]["template"]["metadata"]["labels"].items())
            self.assertEqual(service["spec"]["ports"][0]["port"], PORT)
        for each in objects:
            if each["kind"] == "ServiceMonitor":
                self.assertEqual([(one["port"], one["path"]) for one in each["spec"]["endpoints"]],
                                 [("http", "/metrics")])

    def test_what_is_mounted_is_made_and_is_a_configuration(self):
        kustomization = load(KUBERNETES / "kustomization.yaml")
        made = {each["name"]: {pathlib.Path(file).name: file for file in each["files"]}
                for each in kustomization["configMapGenerator"]}
        for path in kustomization["resources"]:
            self.assertTrue((KUBERNETES / path).is_file())
        pod = yaml.safe_load_all((KUBERNETES / "workload.yaml").read_text(encoding="utf-8"))
        pod = next(pod)["spec"]["template"]["spec"]
        site = {}
        for source in pod["volumes"][0]["projected"]["sources"]:
            files = made[source["configMap"]["name"]]
            items = source["configMap"].get("items") or [{"key": key, "path": key} for key in files]
            for item in items:
                site[item["path"]] = (KUBERNETES / files[item["key"]]).read_text(encoding="utf-8")
        self.assertEqual(pod["containers"][0]["args"][-1], "/etc/sequitur-site/sequitur.yaml")
        with tempfile.TemporaryDirectory() as folder:
            done = check(laid_out(folder, site))
        self.assertEqual(done.returncode, 0, text(done.stderr))
        self.assertEqual(yaml.safe_load(site["sequitur.yaml"])["http"]["listen"], f"0.0.0.0:{PORT}")


class HelmTest(unittest.TestCase):
    def test_the_chart_is_the_projects_version(self):
        version = re.search(r"project\(sequitur VERSION ([0-9.]+)",
                            (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        self.assertEqual(load(CHART / "Chart.yaml")["appVersion"], version)

    def test_templates_use_values_that_exist(self):
        values = load(CHART / "values.yaml")
        used = set()
        for path in (CHART / "templates").iterdir():
            used |= set(re.findall(r"\.Values\.([a-zA-Z_.]+)", path.read_text(encoding="utf-8")))
        for name in sorted(used):
            with self.subTest(name):
                node = values
                for key in name.split("."):
                    # A key of sequitur's own configuration may be left out.
                    if key == "alerts_topic":
                        break
                    self.assertIn(key, node)
                    node = node[key]
        # Kinds are ranged over; the rest is named.
        self.assertEqual(set(values) - {name.split(".")[0] for name in used}, {"rules", "lists", "allowlists"})

    def test_the_chart_ships_the_rules_and_dashboards_of_deploy(self):
        self.assertEqual((CHART / "files" / "rules").resolve(), DEPLOY / "prometheus" / "rules")
        self.assertEqual((CHART / "files" / "dashboards").resolve(), DEPLOY / "grafana" / "dashboards")

    @unittest.skipUnless(shutil.which("helm"), "no helm here")
    def test_the_default_values_are_a_configuration(self):
        site = next(each for each in chart() if each["metadata"]["name"] == "sequitur-site")
        with tempfile.TemporaryDirectory() as folder:
            done = check(laid_out(folder, site["data"]))
        self.assertEqual(done.returncode, 0, text(done.stderr))

    @unittest.skipUnless(shutil.which("helm"), "no helm here")
    def test_what_the_site_wrote_is_mounted_where_its_configuration_looks(self):
        allowlist = "- {rule: web-upload-exec, where: 'true', owner: a, reason: b, expires: 2099-01-01}"
        objects = chart("--set-json", f'allowlists={{"site.yaml": "{allowlist}"}}',
                        "--set", "prometheusRule.enabled=true,dashboards.enabled=true,serviceMonitor.enabled=true")
        maps = {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}
        self.assertEqual(maps["sequitur-allowlists"], {"site.yaml": allowlist})
        pod = next(each for each in objects if each["kind"] == "StatefulSet")["spec"]["template"]["spec"]
        self.assertIn({"configMap": {"name": "sequitur-allowlists",
                                     "items": [{"key": "site.yaml", "path": "allowlists/site.yaml"}]}},
                      pod["volumes"][0]["projected"]["sources"])
        self.assertEqual(yaml.safe_load(maps["sequitur-site"]["sequitur.yaml"])["allowlists"],
                         ["/etc/sequitur-site/allowlists"])
        rules = next(each for each in objects if each["kind"] == "PrometheusRule")["spec"]["groups"]
        shipped = [group for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
                   for group in load(path)["groups"]]
        self.assertEqual(rules, shipped)
        self.assertEqual(len(maps["sequitur-dashboards"]), 2)


class DockerTest(unittest.TestCase):
    def test_the_image_runs_as_the_manifests_say(self):
        file = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
        image = file[file.index("FROM scratch"):]
        self.assertIn(f"USER {USER}:{USER}", image)
        self.assertIn(f"EXPOSE {PORT}", image)
        self.assertIn('CMD ["/usr/bin/sequitur", "health"]', image)
        for source in re.findall(r"^COPY (?!--from)(\S+) ", file, re.MULTILINE):
            self.assertTrue((ROOT / source).exists(), source)

    def test_compose_mounts_what_exists_and_locks_what_it_starts(self):
        compose = load(ROOT / "docker-compose.yml")
        for name, service in compose["services"].items():
            with self.subTest(name):
                for volume in service.get("volumes", []):
                    source = volume.split(":")[0]
                    self.assertTrue((ROOT / source).exists() if source.startswith(".")
                                    else source in compose["volumes"], volume)
                for port in service.get("ports", []):
                    self.assertTrue(port.startswith("127.0.0.1:"), port)
                self.assertLessEqual(set(service.get("depends_on", {})), set(compose["services"]))
                if "kafka" not in service["image"]:
                    self.assertTrue(service["read_only"])
                    self.assertEqual(service["cap_drop"], ["ALL"])

    def test_the_site_of_compose_is_a_configuration_that_reads_what_loadgen_makes(self):
        config = load(DEPLOY / "compose" / "sequitur.yaml")
        help_text = text(subprocess.run([BUILD / "loadgen", "--help"], capture_output=True, timeout=60,
                                        check=True).stdout)
        streams = help_text[help_text.index("write only these:"):].split("--list")[0]
        streams = re.findall(r"[a-z]+(?:-[a-z]+)*", streams.split(":")[1])
        self.assertEqual(sorted(config["kafka"]["topics"]), sorted(streams))
        with tempfile.TemporaryDirectory() as folder:
            etc = pathlib.Path(folder) / "sequitur"
            shutil.copytree(ROOT / "config", etc)
            for volume in load(ROOT / "docker-compose.yml")["services"]["sequitur"]["volumes"]:
                source, target, _ = volume.split(":")
                target = etc / pathlib.PurePath(target).relative_to("/etc/sequitur")
                target.parent.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, target)
            done = check(etc / "site" / "sequitur.yaml")
        self.assertEqual(done.returncode, 0, text(done.stderr))


if __name__ == "__main__":
    unittest.main()
