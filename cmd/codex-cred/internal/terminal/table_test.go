package terminal

import "testing"

func cellsOf(rows ...[]string) [][]Cell {
	list := make([][]Cell, 0, len(rows))
	for _, row := range rows {
		cells := make([]Cell, 0, len(row))
		for _, text := range row {
			cells = append(cells, Cell{Text: text})
		}
		list = append(list, cells)
	}
	return list
}

// A table fits the terminal: its last column goes on below, or each row becomes a list.
func TestFitted(t *testing.T) {
	t.Parallel()
	paths := cellsOf([]string{"ACCOUNT", "KIND", "WHERE"}, []string{"work", "credential", "/home/me/a-file: it cannot be read by anybody at all"}, []string{"-", "lock", "/short"})
	seats := cellsOf([]string{"ACCOUNT", "E-MAIL", "DOES"}, []string{"work", "a-long-address@example.com", "nothing at all is done with this one"}, []string{"lab", "-", "store"})
	for _, c := range []struct {
		name  string
		rows  [][]Cell
		width int
		want  string
	}{
		{"no terminal", paths, 0, "ACCOUNT  KIND        WHERE\nwork     credential  /home/me/a-file: it cannot be read by anybody at all\n-        lock        /short\n"},
		{"a wide one", paths, 73, "ACCOUNT  KIND        WHERE\nwork     credential  /home/me/a-file: it cannot be read by anybody at all\n-        lock        /short\n"},
		{"a narrow one", paths, 50, "ACCOUNT  KIND        WHERE\nwork     credential  /home/me/a-file: it cannot be\n                     read by anybody at all\n-        lock        /short\n"},
		{"no room for the last column", seats, 50, "ACCOUNT  work\nE-MAIL   a-long-address@example.com\nDOES     nothing at all is done with this one\n\nACCOUNT  lab\nE-MAIL   -\nDOES     store\n"},
		{"no room for a word", cellsOf([]string{"Store", "/a/word/that/is/longer/than/the/terminal is"}), 20, "Store  /a/word/that/is/longer/than/the/terminal\n       is\n"},
	} {
		if got := layOut(fitted(c.rows, c.width), false); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}
