package main

import (
	"strings"
	"unicode/utf8"
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
