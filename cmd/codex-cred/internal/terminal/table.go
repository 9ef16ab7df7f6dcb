package terminal

import (
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A Style is how a cell looks on a terminal. Without colors every style looks
// like Plain.
type Style string

// The styles.
const (
	Plain  Style = ""
	Header Style = "\x1b[1m"  // bold
	Good   Style = "\x1b[32m" // green
	Poor   Style = "\x1b[33m" // yellow
	Bad    Style = "\x1b[31m" // red
	reset        = "\x1b[0m"
)

// A Cell is text in a table.
type Cell struct {
	Text  string
	Style Style
}

// Table formats the rows for standard output, no wider than its terminal if the
// words allow that.
func (t *Terminal) Table(rows [][]Cell) string {
	return FormatTable(rows, t.Width(), t.Colors())
}

// FormatTable returns the rows as aligned columns, no wider than width if the
// words allow that. Width 0 is no limit.
func FormatTable(rows [][]Cell, width int, colors bool) string {
	return layOut(fitted(rows, width), colors)
}

// leastText is the least readable width of the last cell of a row.
const leastText = 24

// fitted makes the rows no wider than width by wrapping the last cells. If
// there is no room for that, each row becomes a list with a line for each
// header and its cell. Width 0 is no limit.
func fitted(rows [][]Cell, width int) [][]Cell {
	lead, last := widths(rows)
	switch {
	case width == 0 || lead+last <= width:
		return rows
	case width-lead >= leastText || len(rows[0]) <= 2:
		return hanging(rows, max(width-lead, leastText))
	}
	var list [][]Cell
	for i, row := range rows[1:] {
		if i > 0 {
			list = append(list, []Cell{{}})
		}
		for j, c := range row {
			list = append(list, []Cell{rows[0][j], c})
		}
	}
	lead, _ = widths(list)
	return hanging(list, max(width-lead, leastText))
}

// widths returns the width of all columns but the last, with the blanks after
// them, and the width of the last.
func widths(rows [][]Cell) (lead, last int) {
	var each []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(each) {
				each = append(each, 0)
			}
			each[i] = max(each[i], utf8.RuneCountInString(Sanitize(c.Text)))
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

// hanging wraps the last cell of each row between words, into as many rows as
// it needs.
func hanging(rows [][]Cell, width int) [][]Cell {
	var list [][]Cell
	for _, row := range rows {
		n := len(row) - 1
		for i, line := range brokenAt(row[n].Text, width) {
			next := make([]Cell, n+1)
			if i == 0 {
				copy(next, row)
			}
			next[n] = Cell{line, row[n].Style}
			list = append(list, next)
		}
	}
	return list
}

// brokenAt wraps the text between words. A word wider than width has its own
// line.
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

// Width returns the width of the terminal on standard output, or 0 if it is
// none.
func (t *Terminal) Width() int {
	f, ok := t.Out.(*os.File)
	if !ok || !IsTerminal(f) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// layOut returns the rows as aligned columns, two spaces apart, with sanitized
// text.
func layOut(rows [][]Cell, colors bool) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			c.Text = Sanitize(c.Text)
			row[i] = c
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			last := i == len(row)-1
			b.WriteString(c.Paint(colors))
			if !last {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.Text)+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Paint returns the text of the cell in its style, or plain without colors.
func (c Cell) Paint(colors bool) string {
	if !colors || c.Style == Plain || c.Text == "" {
		return c.Text
	}
	return string(c.Style) + c.Text + reset
}

// Colors reports whether standard output is a terminal that shows colors.
func (t *Terminal) Colors() bool {
	return !t.NoColor && IsTerminal(t.Out)
}

// NoColor reports whether the environment asks for output without colors
// (https://no-color.org), or names a terminal that has none.
func NoColor(getenv func(string) string) bool {
	return getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
}
