"""The subcommands of `spheres`, one module per errand; `crawler.cli` names them. What they share is in `common`."""
