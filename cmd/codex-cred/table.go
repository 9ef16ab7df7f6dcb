package main

import (
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A style is how a cell looks on a terminal. Without colours every style is
// plain text.
type style string

const (
	plain  style = ""
	header style = "\x1b[1m"
	good   style = "\x1b[32m"
	poor   style = "\x1b[33m"
	bad    style = "\x1b[31m"
	reset        = "\x1b[0m"
)

type cell struct {
	text  string
	style style
}

// table returns the rows for standard output, no wider than its terminal where words
// allow that.
func (p *program) table(rows [][]cell) string {
	return layOut(fitted(rows, p.width()), p.colours())
}

// leastText is how many columns the last cell of a row needs to be readable.
const leastText = 24

// fitted returns the rows so that they are no wider than that: the last cells go on in
// further rows, or, where there is no room for that, each row becomes several, of which
// each has its head and a cell. Width 0 is without end.
func fitted(rows [][]cell, width int) [][]cell {
	lead, last := widths(rows)
	switch {
	case width == 0 || lead+last <= width:
		return rows
	case width-lead >= leastText || len(rows[0]) <= 2:
		return hanging(rows, max(width-lead, leastText))
	}
	var list [][]cell
	for i, row := range rows[1:] {
		if i > 0 {
			list = append(list, []cell{{}})
		}
		for j, c := range row {
			list = append(list, []cell{rows[0][j], c})
		}
	}
	lead, _ = widths(list)
	return hanging(list, max(width-lead, leastText))
}

// widths returns what all columns but the last take with the blanks after them, and
// what the last takes.
func widths(rows [][]cell) (lead, last int) {
	var each []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(each) {
				each = append(each, 0)
			}
			each[i] = max(each[i], utf8.RuneCountInString(shown(c.text)))
		}
	}
	for _, w := range each[:max(0, len(each)-1)] {
		lead += w + 2
	}
	if len(each) > 0 {
		last = each[len(each)-1]
	}
	return lead, last
}

// hanging breaks the last cell of each row between words into as many rows as it needs.
func hanging(rows [][]cell, width int) [][]cell {
	var list [][]cell
	for _, row := range rows {
		n := len(row) - 1
		for i, line := range brokenAt(row[n].text, width) {
			next := make([]cell, n+1)
			if i == 0 {
				copy(next, row)
			}
			next[n] = cell{line, row[n].style}
			list = append(list, next)
		}
	}
	return list
}

func brokenAt(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Split(text, " ") {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// width is that of the terminal that standard output is, or 0.
func (p *program) width() int {
	f, ok := p.stdout.(*os.File)
	if !ok || !terminal(f) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// layOut returns the rows as aligned columns, two spaces apart. What is in a cell
// steers no terminal.
func layOut(rows [][]cell, colours bool) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			c.text = shown(c.text)
			row[i] = c
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			last := i == len(row)-1
			b.WriteString(dressed(c, colours))
			if !last {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func dressed(c cell, colours bool) string {
	if !colours || c.style == plain || c.text == "" {
		return c.text
	}
	return string(c.style) + c.text + reset
}

// colours reports whether output to stdout is dressed up (https://no-color.org).
func (p *program) colours() bool {
	return p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb" && terminal(p.stdout)
}
