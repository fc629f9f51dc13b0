"""The command `spheres`: the group and the list of its subcommands, which live in `crawler.commands`."""

from __future__ import annotations

import logging

import click

from crawler.commands import answers, collect, evidence, look, publishing, refresh, takeaway, workers
from crawler.commands.common import EXIT_CODES, Spheres
from standards_db.version import VERSION


@click.group(cls=Spheres, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="spheres")
def main() -> None:
    """Collect the standards and certificates of the US-, China- and EU-aligned spheres; see where they diverge.

    \b
    Try it without a network:    spheres demo
    Read kept responses again:   spheres crawl --all --from-archive DIR
    Crawl one source:            spheres crawl nist_csrc --contact you@example.org
    Refresh what is due:         spheres refresh --contact you@example.org --archive pages --publish
    Publish and look:            spheres publish && spheres serve
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")


for command in (
    collect.demo,
    collect.crawl,
    collect.import_list,
    collect.import_curated,
    refresh.refresh_command,
    workers.enqueue,
    workers.worker,
    workers.load,
    evidence.evidence_command,
    evidence.reparse,
    look.sources,
    look.identify,
    look.check,
    publishing.publish,
    publishing.measure,
    publishing.rollback,
    publishing.serve,
    answers.findings,
    answers.counterparts,
    takeaway.export_package,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
