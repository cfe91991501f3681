#!/usr/bin/env python3
"""Writes dashboards/*.json, the Grafana dashboards, which are what is
provisioned; a test holds them equal to what this writes.

A panel is one call: title, what it tells, unit, queries by legend. Only panels
of core Grafana (stat, timeseries, bargauge) and one datasource variable.
"""

import json
import pathlib

OUTPUT = pathlib.Path(__file__).resolve().parent / "dashboards"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
JOB = 'job=~"$job"'
RULE = 'job=~"$job", rule="$rule"'
WIDTH = 24

PLAIN = {"mode": "absolute", "steps": [{"color": "green", "value": None}]}
# A value of 1 is good; anything else is not.
ONE_IS_GOOD = {"mode": "absolute", "steps": [{"color": "red", "value": None}, {"color": "green", "value": 1}]}
ZERO_IS_GOOD = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
YES_NO = [{"type": "value", "options": {"0": {"text": "no"}, "1": {"text": "yes"}}}]


def above(value):
    """Red from `value` on."""
    return {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": value}]}


def panel(kind, title, tells, queries, unit="short", width=8, height=8, thresholds=PLAIN, **defaults):
    instant = kind != "timeseries"
    targets = [{"refId": chr(ord("A") + i), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend,
                "instant": instant, "range": not instant, "editorMode": "code"}
               for i, (legend, expr) in enumerate(queries.items())]
    options = {
        "stat": {"colorMode": "background", "graphMode": "none", "textMode": "auto",
                 "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""}},
        "bargauge": {"displayMode": "basic", "orientation": "horizontal", "showUnfilled": True,
                     "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""}},
        "timeseries": {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                       "tooltip": {"mode": "multi", "sort": "desc"}},
    }[kind]
    if kind == "timeseries":
        defaults.setdefault("custom", {"fillOpacity": 10, "showPoints": "never", "lineWidth": 1})
    return {"type": kind, "title": title, "description": tells, "datasource": DATASOURCE, "targets": targets,
            "gridPos": {"w": width, "h": height}, "options": options,
            "fieldConfig": {"defaults": {"unit": unit, "min": 0, "thresholds": thresholds, **defaults}, "overrides": []}}


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}


def placed(panels):
    """Left to right, then down; numbers them."""
    x = y = line = 0
    for number, each in enumerate(panels, start=1):
        place = each["gridPos"]
        if x + place["w"] > WIDTH:
            x, y, line = 0, y + line, 0
        place.update(x=x, y=y)
        x, line = x + place["w"], max(line, place["h"])
        each["id"] = number
    return panels


def variable(name, label, query):
    # `All` is any job; a rule is one at a time.
    every = {"includeAll": True, "multi": True, "current": {"text": ["All"], "value": ["$__all"]}}
    one = {"includeAll": False, "multi": False}
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, **(every if name == "job" else one)}


def dashboard(uid, title, description, variables, panels):
    pick = {"name": "datasource", "label": "Datasource", "type": "datasource", "query": "prometheus",
            "current": {"text": "Prometheus", "value": "prometheus"}}
    return {"uid": uid, "title": title, "description": description, "tags": ["sequitur"], "editable": True,
            "schemaVersion": 39, "version": 1, "timezone": "browser", "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"}, "graphTooltip": 1, "annotations": {"list": []},
            "links": [{"type": "dashboards", "tags": ["sequitur"], "title": "sequitur", "asDropdown": False,
                       "includeVars": False, "keepTime": True, "targetBlank": False, "icon": "", "tooltip": "", "url": ""}],
            "templating": {"list": [pick, *variables]}, "panels": placed(panels)}


JOBS = variable("job", "Installation", "label_values(sequitur_ready, job)")


def overview():
    return dashboard("sequitur-overview", "sequitur: overview", "Is it well, is it in time, what does it find.", [JOBS], [
        row("State"),
        panel("stat", "Ready", "What /readyz says, of the process worst off: nothing rebuilds, nothing stalls.",
              {"ready": f"min(sequitur_ready{{{JOB}}})"}, width=3, height=4, thresholds=ONE_IS_GOOD, mappings=YES_NO),
        panel("stat", "Brokers answer", "All stages of all processes reach a broker.",
              {"connected": f"min(sequitur_broker_connected{{{JOB}}})"}, width=3, height=4, thresholds=ONE_IS_GOOD, mappings=YES_NO),
        panel("stat", "Stalled", "The brokers do not take what is written, so reading pauses.",
              {"stalled": f"max(sequitur_stalled{{{JOB}}})"}, width=3, height=4, thresholds=ZERO_IS_GOOD, mappings=YES_NO),
        panel("stat", "Configuration in use", "no: the last edit was refused and the one before is in use.",
              {"reloaded": f"min(sequitur_config_last_reload_successful{{{JOB}}})"}, width=3, height=4, thresholds=ONE_IS_GOOD, mappings=YES_NO),
        panel("stat", "Partitions rebuilding", "Not live yet: their past is being read without alerting.",
              {"{{stage}}": f"sum by (stage) (sequitur_partitions_rebuilding{{{JOB}}})"}, width=4, height=4, thresholds=ZERO_IS_GOOD),
        panel("stat", "Rules", "Loaded, by mode.", {"{{mode}}": f"max by (mode) (sequitur_rules{{{JOB}}})"}, width=4, height=4),
        panel("stat", "Version", "Of each process; several while a rollout lasts.",
              {"{{version}}": f"count by (version) (sequitur_build_info{{{JOB}}})"}, width=4, height=4),

        row("In time?"),
        panel("timeseries", "Correlation lag", "Age, on the bus, of what was read last; the worst partition. 0 when all is read.",
              {"{{stage}} {{topic}}": f'max by (stage, topic) (sequitur_correlation_lag_seconds{{{JOB}, clock="record"}})'}, unit="s"),
        panel("timeseries", "Event-time lag", "The same by the time of the event itself: shippers and clocks are in it, also when all is read. Beyond `lateness` events join no chain.",
              {"{{stage}} {{topic}}": f'max by (stage, topic) (sequitur_correlation_lag_seconds{{{JOB}, clock="event"}})'}, unit="s"),
        panel("timeseries", "Consumer lag", "Records that are not read yet.",
              {"{{stage}} {{topic}}": f"sum by (stage, topic) (sequitur_consumer_lag_records{{{JOB}}})"}),
        panel("timeseries", "Detection delay since arrival", "From the arrival of the last evidence to the alert's publication.",
              {f"p{q}": f'histogram_quantile(0.{q}, sum by (le) (rate(sequitur_detection_delay_seconds_bucket{{{JOB}, since="arrival"}}[30m])))' for q in ("50", "95", "99")}, unit="s"),
        panel("timeseries", "Detection delay since the event", "From when the last evidence happened: what an analyst feels.",
              {f"p{q}": f'histogram_quantile(0.{q}, sum by (le) (rate(sequitur_detection_delay_seconds_bucket{{{JOB}, since="event"}}[30m])))' for q in ("50", "95", "99")}, unit="s"),
        panel("timeseries", "On their way", "Records written and not yet acknowledged by the brokers.",
              {"{{stage}}": f"sum by (stage) (sequitur_outstanding_records{{{JOB}}})"}),

        row("Work"),
        panel("timeseries", "Records read", "By stage and topic.",
              {"{{stage}} {{topic}}": f"sum by (stage, topic) (rate(sequitur_records_total{{{JOB}}}[5m]))"}, unit="rps"),
        panel("timeseries", "Events correlated", "By category.",
              {"{{category}}": f"sum by (category) (rate(sequitur_events_total{{{JOB}}}[5m]))"}, unit="eps"),
        panel("timeseries", "Left out by ingest", "Events that no rule can use, beside those handed on to the correlate stage.",
              {"unneeded": f"sum(rate(sequitur_unneeded_events_total{{{JOB}}}[5m]))",
               "forwarded": f"sum(rate(sequitur_forwarded_events_total{{{JOB}}}[5m]))"}, unit="eps"),

        row("Found"),
        panel("timeseries", "Alerts by severity", "Published within five minutes, live rules.",
              {"{{severity}}": f'sum by (severity) (increase(sequitur_alerts_total{{{JOB}, mode="live"}}[5m]))'}),
        panel("bargauge", "Alerts by rule", "Published within the time shown, live and shadow.",
              {"{{rule}} ({{mode}})": f"sort_desc(sum by (rule, mode) (increase(sequitur_alerts_total{{{JOB}}}[$__range])) > 0)"}),
        panel("timeseries", "Kept back", "Suppressed as repetitions, and published before a restart already.",
              {"suppressed": f"sum(increase(sequitur_alerts_suppressed_total{{{JOB}}}[5m]))",
               "already published": f"sum(increase(sequitur_alerts_already_published_total{{{JOB}}}[5m]))"}),

        row("Seen?"),
        panel("timeseries", "Decoding by result", "What became of records, but for those decoded.",
              {"{{source}}: {{result}}": f'sum by (source, result) (rate(sequitur_decoded_records_total{{{JOB}, result!="decoded"}}[5m])) > 0'}, unit="rps"),
        panel("timeseries", "Unreadable records", "Written to the dead-letter topic, by reason.",
              {"{{reason}}": f"sum by (reason) (rate(sequitur_dead_letters_total{{{JOB}}}[5m]))"}, unit="rps"),
        panel("timeseries", "Trouble with time and hosts", "Late events join no chain; clamped ones were ahead of time; of unknown hosts nothing can be joined.",
              {"late": f"sum(rate(sequitur_late_events_total{{{JOB}}}[5m]))",
               "clamped": f"sum(rate(sequitur_clamped_events_total{{{JOB}}}[5m]))",
               "clock outliers": f"sum(rate(sequitur_clock_outliers_total{{{JOB}}}[5m]))",
               "unknown host": f"sum(rate(sequitur_unknown_host_events_total{{{JOB}}}[5m]))"}, unit="eps"),
        panel("timeseries", "Silence by source", "Time since the latest record of each source topic.",
              {"{{topic}}": f"time() - max by (topic) (sequitur_source_last_record_timestamp_seconds{{{JOB}}})"}, unit="s"),
        panel("bargauge", "Hosts lacking telemetry", "By what a rule needs and the host does not send; the rule cannot fire there.",
              {"{{rule}}: {{lacks}}": f"sum by (rule, lacks) (sequitur_rule_hosts_lacking_telemetry{{{JOB}}}) > 0"}, thresholds=ZERO_IS_GOOD),
        panel("bargauge", "Hosts with degraded telemetry", "It comes, yet chains may be missed: late, without a time zone, messages lost. The rule worst off, by reason.",
              {"{{reason}}": f"max by (reason) (sum by (rule, reason) (sequitur_rule_hosts_degraded_telemetry{{{JOB}}})) > 0"}, thresholds=ZERO_IS_GOOD),
        panel("timeseries", "Hosts", "With state, and those that sent something lately.",
              {"known": f"sum(sequitur_hosts{{{JOB}}})", "active": f"sum(sequitur_hosts_active{{{JOB}}})"}),
        panel("timeseries", "Sensor messages lost", "eslogger sequence numbers that never came, within five minutes.",
              {"messages": f"sum(increase(sequitur_es_sequence_missing_events_total{{{JOB}}}[5m]))",
               "gaps": f"sum(increase(sequitur_es_sequence_gaps_total{{{JOB}}}[5m]))",
               "messages nobody can watch": f"sum(increase(sequitur_es_sequence_unwatched_events_total{{{JOB}}}[5m]))"}),
        panel("timeseries", "New to baselines", "First sightings within five minutes.",
              {"{{baseline}}": f"sum by (baseline) (increase(sequitur_baseline_novel_total{{{JOB}}}[5m]))"}),
        panel("timeseries", "Kept by baselines", "Combinations known.",
              {"{{baseline}}": f"sum by (baseline) (sequitur_baseline_tuples{{{JOB}}})"}),

        row("Resources"),
        panel("timeseries", "State of rules against its limit", "At 100 % the oldest chains are given up.",
              {"{{instance}}": f"sequitur_correlation_memory_bytes{{{JOB}}} / sequitur_correlation_memory_limit_bytes{{{JOB}}}"}, unit="percentunit", thresholds=above(0.9)),
        panel("timeseries", "Resident memory", "Of the process: state, client queues and the rest.",
              {"{{instance}}": f"process_resident_memory_bytes{{{JOB}}}"}, unit="bytes"),
        panel("timeseries", "CPU", "Cores in use.", {"{{instance}}": f"rate(process_cpu_seconds_total{{{JOB}}}[5m])"}),
    ])


def rule_tuning():
    return dashboard("sequitur-rule-tuning", "sequitur: rule tuning", "Where one rule's chains begin, end and are given up.",
                     [JOBS, variable("rule", "Rule", 'label_values(sequitur_rule_matches_total{job=~"$job"}, rule)')], [
        row("$rule"),
        panel("stat", "Matches", "Within the time shown.", {"matches": f"sum(increase(sequitur_rule_matches_total{{{RULE}}}[$__range]))"}, width=4, height=4, decimals=0),
        panel("stat", "Alerts", "Published within the time shown, live or shadow.", {"{{mode}}": f"sum by (mode) (increase(sequitur_alerts_total{{{RULE}}}[$__range]))"}, width=4, height=4, decimals=0),
        panel("stat", "Suppressed", "Matches within the time shown that repeated an alert.", {"suppressed": f"sum(increase(sequitur_alerts_suppressed_total{{{RULE}}}[$__range]))"}, width=4, height=4, decimals=0),
        panel("stat", "Last match", "Its event time.", {"last": f"1000 * max(sequitur_rule_last_match_timestamp_seconds{{{RULE}}} > 0)"}, unit="dateTimeFromNow", width=4, height=4, noValue="never"),
        panel("stat", "Complete since", "Chains that began later are seen whole by this rule as it is now; the start: all that were read.",
              {"complete": f"1000 * max(sequitur_rule_complete_timestamp_seconds{{{RULE}}} > 0)"}, unit="dateTimeFromNow", width=4, height=4, noValue="the start"),
        panel("stat", "Hosts lacking telemetry", "Where this rule cannot fire.",
              {"hosts": f"sum(sequitur_rule_hosts_lacking_telemetry{{{RULE}}})"}, width=4, height=4, thresholds=ZERO_IS_GOOD),

        row("Funnel"),
        panel("bargauge", "Funnel", "Hits per stage within the time shown. A first stage that dwarfs the others costs memory; a last one of zero means that nothing comes that far.",
              {"stage {{stage}}": f"sum by (stage) (increase(sequitur_rule_stage_hits_total{{{RULE}}}[$__range]))"}, width=8, decimals=0),
        panel("timeseries", "Hits per stage", "Events that a step's condition is true of.",
              {"stage {{stage}}": f"sum by (stage) (rate(sequitur_rule_stage_hits_total{{{RULE}}}[5m]))"}, unit="eps", width=16),
        panel("timeseries", "Matches", "Whole chains, before suppression; within five minutes.",
              {"matches": f"sum(increase(sequitur_rule_matches_total{{{RULE}}}[5m]))",
               "suppressed": f"sum(increase(sequitur_alerts_suppressed_total{{{RULE}}}[5m]))"}),
        panel("timeseries", "Ended by maxspan", "Chains under way whose time ran out, within five minutes. Many beside few matches: the window may be too short.",
              {"ended": f"sum(increase(sequitur_rule_expired_sequences_total{{{RULE}}}[5m]))"}),
        panel("timeseries", "Late and repeated hits", "Late: too old to be joined. Repeated: the same event again.",
              {"late": f"sum(increase(sequitur_rule_late_hits_total{{{RULE}}}[5m]))",
               "repeated": f"sum(increase(sequitur_rule_duplicate_hits_total{{{RULE}}}[5m]))"}),

        row("Near misses: is the window tight, are keys missing?"),
        panel("bargauge", "Ended by maxspan, by stage reached", "Chains within the time shown whose window ran out, by how far they had come. Many that reached the last stage but one: look at the window, or at what the last step asks for.",
              {"after stage {{stage}}": f"sum by (stage) (increase(sequitur_rule_expired_after_stage_total{{{RULE}}}[$__range]))"}, width=6, decimals=0),
        panel("bargauge", "From step to step", "p95 of the time between consecutive steps of published chains, within the time shown; and the window, which all steps share.",
              {"to stage {{stage}}": f"histogram_quantile(0.95, sum by (stage, le) (increase(sequitur_rule_step_gap_seconds_bucket{{{RULE}}}[$__range])))",
               "maxspan": f"max(sequitur_rule_maxspan_seconds{{{RULE}}})"}, unit="s", width=6),
        panel("bargauge", "Part of maxspan that chains take", "Of published chains within the time shown. Near 100 %: slower attacks of the kind are missed, widen the window. Far below: a shorter one would find the same and hold less.",
              {f"p{q}": f"histogram_quantile(0.{q}, sum by (le) (increase(sequitur_rule_maxspan_used_ratio_bucket{{{RULE}}}[$__range])))" for q in ("50", "90", "99")},
              unit="percentunit", width=6, thresholds=above(0.8), max=1),
        panel("bargauge", "Hits without a key", "Within the time shown, by stage: true of the step, but a join key's field is missing, so they are part of no chain.",
              {"stage {{stage}}": f"sum by (stage) (increase(sequitur_rule_keyless_hits_total{{{RULE}}}[$__range]))"}, width=6, decimals=0, thresholds=ZERO_IS_GOOD),

        row("Allowlist"),
        panel("bargauge", "Allowed, by entry", "Hits that an entry took out within the time shown. An entry at zero may be deleted; one that takes nearly all may be too wide.",
              {"{{entry}}": f"sum by (entry) (increase(sequitur_allowlist_hits_total{{{RULE}}}[$__range]))"}, width=12, decimals=0),
        panel("bargauge", "Time until entries expire", "Entries with an end.",
              {"{{entry}}": f"min by (entry) (sequitur_allowlist_entry_expiry_timestamp_seconds{{{RULE}}} - time())"}, unit="s", width=12, min=None,
              thresholds={"mode": "absolute", "steps": [{"color": "red", "value": None}, {"color": "orange", "value": 0}, {"color": "green", "value": 14 * 86400}]}),

        row("Cost and loss"),
        panel("timeseries", "Held hits", "Waiting for the rest of their chain.", {"hits": f"sum(sequitur_rule_held_hits{{{RULE}}})"}),
        panel("timeseries", "Held bytes", "What they take of limits.memory.", {"bytes": f"sum(sequitur_rule_held_bytes{{{RULE}}})"}, unit="bytes"),
        panel("timeseries", "Given up at a limit", "Within five minutes, by reason. `chains` had passed their first step: real progress was lost.",
              {"hits: {{reason}}": f"sum by (reason) (increase(sequitur_rule_evicted_hits_total{{{RULE}}}[5m]))",
               "chains: {{reason}}": f"sum by (reason) (increase(sequitur_rule_evicted_advanced_sequences_total{{{RULE}}}[5m]))"}),
        panel("bargauge", "Hosts lacking telemetry, by kind", "Active hosts this rule concerns that send nothing of a kind it needs.",
              {"{{lacks}}": f"sum by (lacks) (sequitur_rule_hosts_lacking_telemetry{{{RULE}}})"}, thresholds=ZERO_IS_GOOD),
        panel("bargauge", "Hosts with degraded telemetry, by reason", "Active hosts this rule concerns that send what it needs, but late, without a time zone or with losses.",
              {"{{reason}}": f"sum by (reason) (sequitur_rule_hosts_degraded_telemetry{{{RULE}}})"}, thresholds=ZERO_IS_GOOD),
        panel("bargauge", "Rules by held bytes", "This rule beside the others.",
              {"{{rule}}": f"topk(10, sum by (rule) (sequitur_rule_held_bytes{{{JOB}}}))"}, unit="bytes"),
    ])


def texts():
    """The dashboards' JSON by file name."""
    return {f"{each['uid']}.json": json.dumps(each, indent=1) + "\n" for each in (overview(), rule_tuning())}


if __name__ == "__main__":
    for name, text in texts().items():
        (OUTPUT / name).write_text(text, encoding="utf-8")
