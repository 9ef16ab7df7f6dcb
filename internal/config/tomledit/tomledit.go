// Package tomledit adds a key and tables to TOML texts that people write, and keeps comments, order
// and every other byte. Start with [SetKey] and [AppendTable]; [RemoveKey] and [RemoveTables] undo
// them to the byte.
//
// It is our own code because TOML libraries re-encode the whole text, without its comments and
// order. The library's parser finds the positions here, and the edits are made in the text.
//
// Errors name lines and never quote the text, which may be secret. No function changes its input.
package tomledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// MaxSize is the size in bytes of the largest text that is edited.
const MaxSize = 1 << 20

// errForm means that the text expresses the content in a form that is not edited.
var errForm = errors.New("it is written in a form that is not edited here, such as a dotted key or an inline table")

// Get returns the value at the path as JSON, and whether there is one.
func Get(doc []byte, path ...string) (value []byte, ok bool, err error) {
	root, err := decode(doc)
	if err != nil {
		return nil, false, err
	}
	var found any = root
	for _, name := range path {
		table, isTable := found.(map[string]any)
		if found, ok = table[name]; !isTable || !ok {
			return nil, false, nil
		}
	}
	if value, err = json.Marshal(found); err != nil {
		return nil, true, errForm // a NaN or an infinity
	}
	return value, true, nil
}

// Quote returns the text as a TOML string.
func Quote(text string) string {
	quoted, _ := json.Marshal(text) // a string never fails, and JSON's escapes are valid in TOML
	return strings.ReplaceAll(string(quoted), "\x7f", `\u007f`)
}

// SetKey sets a top-level key to the value, which is TOML. It replaces the value of an existing
// key, or adds a line after the last top-level key.
func SetKey(doc []byte, key, value string) ([]byte, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	line := key + " = " + value
	if i := t.find(key); i >= 0 {
		return checkResult(splice(doc, t.keys[i].start, t.keys[i].end, line))
	}
	if _, there, _ := Get(doc, key); there {
		return nil, errForm
	}
	if len(t.keys) == 0 {
		return checkResult(splice(doc, 0, 0, line+t.newline))
	}
	at := t.lineEnd(t.keys[len(t.keys)-1].end)
	if at == 0 || doc[at-1] != '\n' {
		at = t.lineStart(t.keys[0].start)
	}
	return checkResult(splice(doc, at, at, line+t.newline))
}

// RemoveKey removes the line of a top-level key. An absent key is no error.
func RemoveKey(doc []byte, key string) ([]byte, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	i := t.find(key)
	if i < 0 {
		return doc, nil
	}
	return checkResult(splice(doc, t.lineStart(t.keys[i].start), t.lineEnd(t.keys[i].end), ""))
}

// AppendTable appends a table after an empty line. The lines are those of its keys. If the text did
// not end with a newline it still does not.
func AppendTable(doc []byte, path []string, lines ...string) ([]byte, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	if _, there, _ := Get(doc, path...); there {
		return nil, errors.New("the table is there already")
	}
	text := strings.Join(append([]string{"[" + formatPath(path) + "]"}, lines...), t.newline)
	switch {
	case len(doc) == 0:
		text += t.newline
	case bytes.HasSuffix(doc, []byte("\n")):
		text = t.newline + text + t.newline
	default:
		text = t.newline + t.newline + text
	}
	return checkResult(splice(doc, len(doc), len(doc), text))
}

// formatPath returns the path as a dotted key.
func formatPath(path []string) string {
	parts := slices.Clone(path)
	for i, part := range parts {
		if strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || part == "" {
			parts[i] = Quote(part)
		}
	}
	return strings.Join(parts, ".")
}

// RemoveTables removes the table at the path and those below it, each with the empty line before
// it. An absent table is no error.
func RemoveTables(doc []byte, path ...string) ([]byte, error) {
	for {
		t, err := parse(doc)
		if err != nil {
			return nil, err
		}
		i := t.lastBelow(path)
		if i < 0 {
			break
		}
		start, end := t.lineStart(t.tables[i].start), t.lineEnd(t.tables[i].end)
		before := doc[:start]
		if doc[end-1] != '\n' { // then the line before had no newline either
			before = chop(before)
			before = chop(before)
		} else if bare := chop(before); len(bare) == 0 || bare[len(bare)-1] == '\n' {
			before = bare
		}
		doc = splice(doc, len(before), end, "")
	}
	if _, there, _ := Get(doc, path...); there {
		return nil, errForm
	}
	return checkResult(doc)
}

// chop returns the text without the newline at its end.
func chop(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

func splice(doc []byte, start, end int, text string) []byte {
	return slices.Concat(doc[:start], []byte(text), doc[end:])
}

// checkResult checks that the edited text is still valid.
func checkResult(doc []byte) ([]byte, error) {
	if _, err := decode(doc); err != nil {
		return nil, fmt.Errorf("with the change it would be wrong: %w", err)
	}
	return doc, nil
}

// A span is a part of the text.
type span struct {
	name       []string
	start, end int
}

// A text holds the positions of the parts of a TOML text.
type text struct {
	doc     []byte
	newline string
	keys    []span // top-level
	tables  []span // from the key in the header to the end of the last value
}

func parse(doc []byte) (*text, error) {
	if _, err := decode(doc); err != nil {
		return nil, err
	}
	t := &text{doc: doc, newline: "\n"}
	if i := bytes.IndexByte(doc, '\n'); i > 0 && doc[i-1] == '\r' {
		t.newline = "\r\n"
	}
	p := unstable.Parser{}
	p.Reset(slices.Clip(doc))
	for p.NextExpression() {
		t.add(p.Expression())
	}
	if p.Error() != nil {
		return nil, errors.New("it is not TOML")
	}
	return t, nil
}

func (t *text) add(n *unstable.Node) {
	s := span{}
	for it := n.Key(); it.Next(); {
		key := it.Node()
		s.name = append(s.name, string(key.Data))
		if len(s.name) == 1 {
			s.start = int(key.Raw.Offset)
		}
		s.end = int(key.Raw.Offset + key.Raw.Length)
	}
	switch {
	case n.Kind != unstable.KeyValue:
		t.tables = append(t.tables, s)
	case len(t.tables) > 0:
		t.tables[len(t.tables)-1].end = int(n.Raw.Offset + n.Raw.Length)
	default:
		s.end = int(n.Raw.Offset + n.Raw.Length)
		t.keys = append(t.keys, s)
	}
}

func (t *text) find(key string) int {
	return slices.IndexFunc(t.keys, func(s span) bool { return len(s.name) == 1 && s.name[0] == key })
}

// lastBelow returns the last table at the path or below it, or -1.
func (t *text) lastBelow(path []string) int {
	for i, s := range slices.Backward(t.tables) {
		if len(s.name) >= len(path) && slices.Equal(s.name[:len(path)], path) {
			return i
		}
	}
	return -1
}

func (t *text) lineStart(at int) int { return bytes.LastIndexByte(t.doc[:at], '\n') + 1 }

// lineEnd returns the position after the next newline, if there is one.
func (t *text) lineEnd(at int) int {
	if i := bytes.IndexByte(t.doc[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(t.doc)
}
