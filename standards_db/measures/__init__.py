"""The measures: is cyberspace fragmenting, by topic, by pair of spheres, by year?

One file here is one measure: `uptake.sql`, or a Python module where SQL ends. Both begin with the same facts, as
comments `-- fact: text` or as names of the module (a tuple is written with commas in SQL):

label          its name                       unit          share, years, distance, count or months
question       what it answers                grid          sphere or pair: every topic, sphere or pair, and year gets
formula        how it is computed                           a figure, blank where there is none; free: only its own rows
reading        what a figure says             years         every (31 December of each year) or current (as of today)
limits         what it does not say           higher_means  common ground, apart or neither
numerator      link that opens its rows       interval      wilson, own (the rows bring it) or none
denominator    link that opens its rows       counts        column to add up in those rows; blank: the rows are counted
empty          note when nothing is there     needs         measures whose figures it reads
rests_on       adoptions: blank for a sphere whose register of adoptions is not collected, which is not the same as 0

`rows(connection, settings)` or the SELECT gives rows with columns of the table `figures`; what a row leaves out, the
frame (`compute.py`) fills: value = numerator / denominator, n_a and n_b, links, coverage, interval, and the note of a
blank figure. `possible_numerator` and `possible_rest` count documents whose withdrawal date is missing and that may
still have been in force: they widen the interval. A link is a table page of Datasette with its filters, and holds
{topic}, {a}, {b} and {year}.

Nothing is registered: `registry.discover` finds the files.
"""
