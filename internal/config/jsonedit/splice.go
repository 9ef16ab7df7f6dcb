package jsonedit

import (
	"bytes"

	"github.com/tailscale/hujson"
)

// A container is the position of an object or an array in the text.
type container struct {
	open, close int // after the opening bracket; at the closing one
	items       []item
}

// An item is a member or an element.
type item struct {
	start, end int // without surrounding space and comments
	comma      int // position of the comma after it; noComma after a last item
	value      *hujson.Value
}

const noComma = -1

func objectOf(v *hujson.Value) (container, bool) {
	object, ok := v.Value.(*hujson.Object)
	c := container{open: v.StartOffset + 1, close: v.EndOffset - 1}
	if !ok {
		return c, false
	}
	for i := range object.Members {
		m := &object.Members[i]
		c.add(m.Name.StartOffset, &m.Value, i+1 == len(object.Members))
	}
	return c, true
}

func arrayOf(v *hujson.Value) (container, bool) {
	array, ok := v.Value.(*hujson.Array)
	c := container{open: v.StartOffset + 1, close: v.EndOffset - 1}
	if !ok {
		return c, false
	}
	for i := range array.Elements {
		e := &array.Elements[i]
		c.add(e.StartOffset, e, i+1 == len(array.Elements))
	}
	return c, true
}

func (c *container) add(start int, v *hujson.Value, last bool) {
	comma := v.EndOffset + len(v.AfterExtra)
	if last && v.AfterExtra == nil { // how the library reports its absence
		comma = noComma
	}
	c.items = append(c.items, item{start, v.EndOffset, comma, v})
}

// find returns the index of the first item for which pick returns true, or -1.
func (c *container) find(pick func([]byte) bool) int {
	for i := range c.items {
		if pick(standard(c.items[i].value)) {
			return i
		}
	}
	return -1
}

// before returns the position at which the text before the item begins.
func (c *container) before(i int) int {
	if i == 0 {
		return c.open
	}
	if comma := c.items[i-1].comma; comma != noComma {
		return comma + 1
	}
	return c.items[i-1].end
}

// insert adds an item after the last one and the comments there, on its own line if the closing
// bracket has one.
func (t *text) insert(c container, added string) []byte {
	n := len(c.items)
	from := c.before(n)
	tail := t.text[from:c.close]
	comments, _ := commentsEnd(tail)
	at := comments
	if i := lastBreak(tail[comments:]); i >= 0 {
		at += i
		added = string(lineBreak(tail[at:])) + t.indent(c, tail[at:]) + added
	} else if n > 0 || comments > 0 {
		added = " " + added
	}
	switch {
	case n == 0:
		return splice(t.text, edit{from + at, from + at, added})
	case c.items[n-1].comma != noComma:
		return splice(t.text, edit{from + at, from + at, added + ","})
	}
	return splice(t.text, edit{from, from, ","}, edit{from + at, from + at, added})
}

// indent returns the indentation of an item on its own line: that of the first item, else one step
// more than that of the closing bracket.
func (t *text) indent(c container, tail []byte) string {
	if own, ok := t.indentOf(c); ok {
		return own
	}
	unit := "  "
	if root, ok := objectOf(&t.root); ok {
		if first, ok := t.indentOf(root); ok && first != "" {
			unit = first
		}
	}
	return string(bytes.TrimLeft(tail, "\r\n")) + unit
}

func (t *text) indentOf(c container) (string, bool) {
	if len(c.items) == 0 {
		return "", false
	}
	lead := t.text[c.open:c.items[0].start]
	comments, _ := commentsEnd(lead)
	i := lastBreak(lead[comments:])
	if i < 0 {
		return "", false
	}
	return string(bytes.TrimLeft(lead[comments+i:], "\r\n")), true
}

// removeMember removes the value of the last step, or the outermost object that was made for it
// alone.
func (t *text) removeMember(steps []step) []byte {
	n := len(steps) - 1
	parent, _ := objectOf(steps[n-1].value)
	for n > 1 && t.isMadeFor(parent) {
		n--
		parent, _ = objectOf(steps[n-1].value)
	}
	return t.remove(parent, steps[n].at)
}

// isMadeFor reports whether an edit made the container for its one item: only then there is one
// space on either side.
func (t *text) isMadeFor(c container) bool {
	return len(c.items) == 1 && c.items[0].comma == noComma &&
		string(t.text[c.open:c.items[0].start]) == " " && string(t.text[c.items[0].end:c.close]) == " "
}

// remove removes an item with the space before it and one comma. Surrounding comments stay.
func (t *text) remove(c container, i int) []byte {
	it := c.items[i]
	from, to := c.before(i), it.end
	if it.comma != noComma {
		to = it.comma + 1
	}
	lead := t.text[from:it.start]
	keep, lineComment := commentsEnd(lead)
	rest := t.text[to:]
	switch at := lastBreak(lead[keep:]); {
	case at >= 0 && lineComment && at == 0 && len(lineBreak(rest)) == 0:
		keep += len(lineBreak(lead[keep:])) // the line break ends the comment
	case at >= 0:
		keep += at
	case i > 0 || keep > 0:
		keep = len(bytes.TrimSuffix(lead, []byte(" ")))
	default:
		keep = len(lead)
		if it.comma != noComma { // the next item moves up
			to += len(rest) - len(bytes.TrimPrefix(rest, []byte(" ")))
		}
	}
	cut := edit{from + keep, to, ""}
	if i > 0 && it.comma == noComma {
		return splice(t.text, edit{c.items[i-1].comma, c.items[i-1].comma + 1, ""}, cut)
	}
	return splice(t.text, cut)
}

// commentsEnd returns the position at which the last comment of the text ends, and whether a line
// break ends it. The text holds comments and spaces only; without a comment the position is 0.
func commentsEnd(b []byte) (end int, line bool) {
	for i := 0; i < len(b); {
		n := commentEnd(b[i:])
		if n == 0 {
			i++
			continue
		}
		line = b[i+1] == '/'
		i += n
		end = i
	}
	return end, line
}

// lastBreak returns the position of the last line break, or -1.
func lastBreak(b []byte) int {
	i := bytes.LastIndexByte(b, '\n')
	if i > 0 && b[i-1] == '\r' {
		i--
	}
	return i
}

// lineBreak returns the line break at the start of the text, if there is one.
func lineBreak(b []byte) []byte {
	for _, br := range []string{"\n", "\r\n"} {
		if bytes.HasPrefix(b, []byte(br)) {
			return b[:len(br)]
		}
	}
	return nil
}

// An edit replaces a part of the text.
type edit struct {
	from, to int
	text     string
}

// splice makes the edits, which are in order.
func splice(doc []byte, edits ...edit) []byte {
	var out bytes.Buffer
	done := 0
	for _, e := range edits {
		out.Write(doc[done:e.from])
		out.WriteString(e.text)
		done = e.to
	}
	out.Write(doc[done:])
	return out.Bytes()
}
