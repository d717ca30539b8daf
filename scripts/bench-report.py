#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""bench-report.py DIR - DIR/runs as a table, as result.json and as bench.svg

Medians of each tree and contestant, and ratios of leafroot's median to them:
all contestants ran in each round, so the ratio is also given round by round
(its median), which what else the machine does disturbs less.
"""
import json
import math
import os
import statistics
import sys

LIMITS = ("limit", "limit-large")


def faith(top, tree, who):
    """(lines that differ, those in more than time) in TREE and the traits."""
    if who in LIMITS:
        return None
    sums = []
    parts = [tree] * (":" not in tree) + ["traits"] * ("unpack" not in tree)
    for part in parts:
        with open(f"{top}/faith/{part}-{who}") as f:
            sums.append([int(n) for n in f.readline().split()])
    return [sum(n) for n in zip(*sums)]


def read(top):
    trees = {}
    with open(f"{top}/runs") as f:
        for line in f:
            run = json.loads(line)
            trees.setdefault(run["tree"], {}).setdefault(run["who"], []).append(run)
    return trees


def summary(top, trees):
    result = {}
    for tree, peers in trees.items():
        ours = [r["wall"] for r in peers.get("leafroot", [])]
        for who, runs in peers.items():
            one = {k: statistics.median(r[k] for r in runs)
                   for k in ("wall", "cpu", "peak", "left")}
            one["rounds"] = len(runs)
            one["walls"] = [r["wall"] for r in runs]
            if "fresh" in runs[0]:
                one["fresh"] = statistics.median(r["fresh"] for r in runs)
            if ours:
                one["ratio"] = statistics.median(ours) / one["wall"]
                one["pairwise"] = statistics.median(
                    a / b for a, b in zip(ours, one["walls"]))
            differs = faith(top, tree, who)
            if differs:
                one["differs"], one["unfaithful"] = differs
            result.setdefault(tree, {})[who] = one
    return result


def best(peers):
    """The fastest peer that is faithful, or None."""
    ok = [(p["wall"], who) for who, p in peers.items()
          if who != "leafroot" and p.get("unfaithful") == 0]
    return min(ok)[1] if ok else None


def table(result):
    for tree, peers in result.items():
        print(f"\n{tree:13} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9}"
              f" {'left MiB':>9} {'leafroot/it':>12} {'by round':>9}  copy")
        for who, p in sorted(peers.items(), key=lambda i: i[1]["wall"]):
            note = ""
            if "differs" in p:
                note = "identical" if not p["differs"] else "faithful, not" \
                    f" all times ({p['differs']})" if not p["unfaithful"] \
                    else f"{p['unfaithful']} entries differ"
            if p.get("fresh", 0) > 1.5:
                note += f" (fresh memory {p['fresh']:.1f} GB/s: not cold)"
            print(f"  {who:11} {p['wall']:8.3f} {p['cpu']:8.3f}"
                  f" {p['peak']:9.1f} {p['left']:9.1f}"
                  f" {p.get('ratio', 0):12.2f} {p.get('pairwise', 0):9.2f}  {note}")
        if best(peers) and "leafroot" in peers:
            print(f"  best faithful peer {best(peers)}: leafroot takes"
                  f" {peers['leafroot']['wall']/peers[best(peers)]['wall']:.2f}"
                  " of its time")


def growth(result):
    """How wall grows with N in trees called kind:N: exponent, step of 10, line."""
    for kind in ("tiny", "few"):
        points = sorted((int(t.split(":")[1]), p["leafroot"]["wall"],
                         p["leafroot"]["peak"]) for t, p in result.items()
                        if t.startswith(kind + ":") and "leafroot" in p)
        if len(points) < 3:
            continue
        print(f"\ngrowth, {kind}: " + ", ".join(
            f"{n}: {w:.3f} s {peak:.0f} MiB" for n, w, peak in points))
        unit = "file" if kind == "tiny" else "MiB"
        slope, base = statistics.linear_regression(
            *zip(*[(n, w) for n, w, _ in points]))
        power, _ = statistics.linear_regression(
            *zip(*[(math.log(n), math.log(w)) for n, w, _ in points]))
        print(f"  wall = {base:.4f} s + {slope*1e6:.3f} us per {unit};"
              f" exponent {power:.3f}")
        walls = {n: w for n, w, _ in points}
        for n in walls:
            if n * 10 in walls:
                print(f"  {n*10} takes {walls[n*10]/walls[n]:.2f} x {n}")


def chart(result):
    names = {"debian": "Debian root, 60,000 files, 1.2 GiB",
             "tiny": "200,000 files of 0 to 2 kB", "few": "2 GiB in six files"}
    out, y = [], 0

    def text(x, y, cls, words):
        out.append(f'<text x="{x}" y="{y}" class="{cls}">{words}</text>')

    for tree in (t for t in names if t in result):
        peers = sorted(((w, p) for w, p in result[tree].items()
                        if w != "limit-large"), key=lambda i: i[1]["wall"])
        most = peers[-1][1]["wall"]
        y += 26
        text(0, y, "h", names[tree])
        for who, p in peers:
            y += 20
            width = max(1, 400 * p["wall"] / most)
            star = " *" if p.get("unfaithful") else ""
            cls = who if who in ("leafroot", "limit") else \
                "lossy" if star else "peer"
            text(76, y + 12, "n", ("the limit" if who == "limit" else who) + star)
            out.append(f'<rect x="84" y="{y}" width="{width:.1f}" height="15"'
                       f' class="{cls}"/>')
            text(f"{width + 90:.1f}", y + 12, "v",
                 f'{p["wall"]:.2f} s, {max(p["peak"], 0):.0f} MiB')
        y += 24
    text(0, y + 14, "v", "Whole move, source emptied: seconds, and peak memory"
         " above the tree.")
    y += 18
    text(0, y + 14, "v", "* loses hard links, attributes or devices")
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {y+24}"'
            ' role="img" aria-label="Time and memory of a move"><style>'
            "text{font:12px sans-serif;fill:#333}.h{font-weight:bold;"
            "font-size:13px}.n{text-anchor:end}.v{fill:#666}.peer{fill:#9ab}"
            ".lossy{fill:#d5dce2}.leafroot{fill:#2e7d32}.limit{fill:none;"
            "stroke:#2e7d32;stroke-dasharray:3 2}@media(prefers-color-scheme:"
            "dark){text{fill:#ddd}.v{fill:#aaa}.peer{fill:#678}"
            ".lossy{fill:#455}.leafroot{fill:#66bb6a}.limit{stroke:#66bb6a}}"
            "</style>")
    return "\n".join([head, *out, "</svg>\n"])


def main(top):
    result = summary(top, read(top))
    table(result)
    growth(result)
    with open(f"{top}/result.json", "w") as f:
        json.dump({"machine": " ".join(os.uname()[i] for i in (0, 2, 4)),
                   "cpus": os.cpu_count(), "trees": result}, f, indent=1)
        f.write("\n")
    if any(t in result for t in ("debian", "tiny", "few")):
        with open(f"{top}/bench.svg", "w") as f:
            f.write(chart(result))
    print("\ngenerated/bench/result.json and bench.svg written")


if len(sys.argv) != 2:
    sys.exit("usage: bench-report.py DIR")
main(sys.argv[1])
