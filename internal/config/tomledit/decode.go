package tomledit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// The library's decoder is not used: it would double the size that TOML adds to the program.

// A table is a table during decoding with its origin, which decides what may still be added to it
// (TOML 1.0, sections Keys and Table).
type table struct {
	members map[string]any // a *table, a []*table for an array of tables, or a value
	made    origin
}

type origin int

const (
	byPath   origin = iota // the header of a table below it
	byHeader               // its own header
	byDots                 // a dotted key
)

var (
	errTwice  = errors.New("something is defined twice")
	errNoDate = errors.New("there is no such date")
	errNoTime = errors.New("there is no such time")
)

func newTable(made origin) *table { return &table{members: map[string]any{}, made: made} }

// decode returns the content of the text: tables as map[string]any, arrays as []any, and dates as
// they are written.
func decode(doc []byte) (map[string]any, error) {
	if len(doc) > MaxSize {
		return nil, fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	p := unstable.Parser{}
	p.Reset(slices.Clip(doc))
	root := newTable(byHeader)
	current := root
	for p.NextExpression() {
		n := p.Expression()
		line := 1 + strings.Count(string(doc[:offset(n)]), "\n")
		var err error
		switch n.Kind {
		case unstable.KeyValue:
			err = current.put(n)
		case unstable.Table:
			current, err = root.open(names(n), false)
		case unstable.ArrayTable:
			current, err = root.open(names(n), true)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d is not TOML", line)
		}
	}
	if fault := (*unstable.ParserError)(nil); errors.As(p.Error(), &fault) {
		return nil, fmt.Errorf("line %d is not TOML", p.Shape(p.Range(fault.Highlight)).Start.Line)
	}
	if p.Error() != nil {
		return nil, errors.New("it is not TOML")
	}
	return root.plain(), nil
}

// offset returns the position of the expression's key.
func offset(n *unstable.Node) int {
	if it := n.Key(); it.Next() {
		return int(it.Node().Raw.Offset)
	}
	return 0
}

func names(n *unstable.Node) []string {
	var list []string
	for it := n.Key(); it.Next(); {
		list = append(list, string(it.Node().Data))
	}
	return list
}

// open returns the table of a header.
func (t *table) open(path []string, ofArray bool) (*table, error) {
	last := len(path) - 1
	for _, name := range path[:last] {
		switch below := t.members[name].(type) {
		case nil:
			made := newTable(byPath)
			t.members[name] = made
			t = made
		case *table:
			t = below
		case []*table:
			t = below[len(below)-1]
		default:
			return nil, errTwice
		}
	}
	found, there := t.members[path[last]]
	below, isTable := found.(*table)
	list, isArray := found.([]*table)
	switch {
	case ofArray && (!there || isArray):
		made := newTable(byHeader)
		t.members[path[last]] = append(list, made)
		return made, nil
	case !ofArray && !there:
		below = newTable(byHeader)
		t.members[path[last]] = below
		return below, nil
	case !ofArray && isTable && below.made == byPath:
		below.made = byHeader
		return below, nil
	}
	return nil, errTwice
}

// put adds a key and its value.
func (t *table) put(n *unstable.Node) error {
	path := names(n)
	last := len(path) - 1
	for _, name := range path[:last] {
		below, isTable := t.members[name].(*table)
		switch _, there := t.members[name]; {
		case !there:
			below = newTable(byDots)
			t.members[name] = below
		case !isTable || below.made != byDots:
			return errTwice
		}
		t = below
	}
	if _, there := t.members[path[last]]; there {
		return errTwice
	}
	value, err := valueOf(n.Value())
	t.members[path[last]] = value
	return err
}

func valueOf(n *unstable.Node) (any, error) { //nolint:ireturn // a TOML value has one of many types
	switch n.Kind {
	case unstable.Bool:
		return n.Data[0] == 't', nil
	case unstable.Integer:
		return integer(string(n.Data))
	case unstable.Float:
		return float(string(n.Data))
	case unstable.Array:
		list := []any{}
		for it := n.Children(); it.Next(); {
			value, err := valueOf(it.Node())
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case unstable.InlineTable:
		inline := newTable(byHeader)
		for it := n.Children(); it.Next(); {
			if err := inline.put(it.Node()); err != nil {
				return nil, err
			}
		}
		return inline.plain(), nil
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		return date(string(n.Data), n.Kind)
	}
	return string(n.Data), nil
}

// date returns the text of a date, a time or both, if its form and its value are valid (TOML 1.1,
// section Offset Date-Time and those after it). The parser distinguishes the kinds by single
// characters and checks nothing else.
func date(text string, kind unstable.Kind) (string, error) {
	rest := text
	if kind != unstable.LocalTime {
		day := min(len(text), len(time.DateOnly))
		if _, err := time.Parse(time.DateOnly, text[:day]); err != nil {
			return "", errNoDate
		}
		if rest = text[day:]; kind == unstable.LocalDate && rest == "" {
			return text, nil
		}
		if kind == unstable.LocalDate || rest == "" || !strings.Contains("Tt ", rest[:1]) {
			return "", errNoDate
		}
		rest = rest[1:]
	}
	if kind == unstable.DateTime {
		zone := max(0, strings.IndexAny(rest, "Zz+-"))
		offset := rest[zone:]
		if !strings.EqualFold(offset, "z") && !isTime(strings.TrimLeft(offset[:1], "+-")+offset[1:], "15:04") {
			return "", errNoTime
		}
		rest = rest[:zone]
	}
	if !isTime(rest, "15:04") && !isTime(rest, time.TimeOnly) {
		return "", errNoTime
	}
	return text, nil
}

// isTime reports whether the text is a time of the layout, with or without seconds. time.Parse
// alone would also accept hours of one digit.
func isTime(text, layout string) bool {
	_, err := time.Parse(layout, text)
	return err == nil && text[2] == ':'
}

func integer(text string) (int64, error) {
	if strings.HasPrefix(text, "0") && len(text) > 1 {
		return strconv.ParseInt(text, 0, 64)
	}
	return strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
}

func float(text string) (float64, error) {
	switch strings.TrimLeft(text, "+-") {
	case "nan":
		return math.NaN(), nil
	case "inf":
		return strconv.ParseFloat(text, 64)
	}
	return strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
}

// plain returns the content of the table.
func (t *table) plain() map[string]any {
	content := make(map[string]any, len(t.members))
	for name, member := range t.members {
		switch below := member.(type) {
		case *table:
			content[name] = below.plain()
		case []*table:
			list := make([]any, 0, len(below))
			for _, one := range below {
				list = append(list, one.plain())
			}
			content[name] = list
		default:
			content[name] = below
		}
	}
	return content
}
