package yamledit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// insert inserts the item after the line of the key.
func (t *text) insert(list string, item []byte) ([]byte, error) {
	if t.key == nil {
		return t.appendList(list, item), nil
	}
	at, behind, ok := t.keyLine(list)
	if !ok {
		return nil, errForm
	}
	indent, lines := 0, slices.Clone(t.lines)
	word := strings.TrimLeft(behind, " ")
	switch {
	case t.empty() && (word == "" || word[0] == '#'): // the key alone
	case t.empty():
		lines[at] = list + ":" + behind[:len(behind)-len(word)] + "#" + word + t.end(at)
	case t.value.Kind == yaml.SequenceNode && t.value.Style&yaml.FlowStyle == 0 && (word == "" || word[0] == '#'):
		indent = t.value.Column - 1
	default:
		return nil, errForm
	}
	if t.end(at) == "" { // the last line, which stays without a line end
		lines[at] += t.newline
		return []byte(strings.Join(lines, "") + strings.TrimSuffix(t.item(item, indent), t.newline)), nil
	}
	return []byte(strings.Join(slices.Insert(lines, at+1, t.item(item, indent)), "")), nil
}

func (t *text) appendList(list string, item []byte) []byte {
	whole := strings.Join(t.lines, "")
	added := list + ":" + made + t.newline + t.item(item, 0)
	if whole != "" && !strings.HasSuffix(whole, "\n") {
		added = t.newline + strings.TrimSuffix(added, t.newline)
	}
	return []byte(whole + added)
}

// item returns the lines of the item in a list.
func (t *text) item(item []byte, indent int) string {
	var b strings.Builder
	dash := "- "
	for line := range strings.Lines(string(item)) {
		b.WriteString(strings.Repeat(" ", indent) + dash + strings.TrimSuffix(line, "\n") + t.newline)
		dash = "  "
	}
	return b.String()
}

// keyLine returns the line of the key, and the text after the key.
func (t *text) keyLine(list string) (at int, behind string, ok bool) {
	at = t.key.Line - 1
	if at >= len(t.lines) {
		return 0, "", false
	}
	behind, ok = strings.CutPrefix(strings.TrimSuffix(t.lines[at], t.end(at)), list+":")
	return at, behind, ok
}

// end returns the end of the line, which may be empty on the last one.
func (t *text) end(at int) string {
	return t.lines[at][len(strings.TrimRight(t.lines[at], "\r\n")):]
}

// empty reports whether the list is written as an empty list.
func (t *text) empty() bool {
	return t.value.Tag == "!!null" || t.value.Kind == yaml.SequenceNode && len(t.value.Content) == 0
}

// remove removes the lines of one item, and undoes what insert did to the key.
func (t *text) remove(list string, i int) ([]byte, error) {
	at, behind, ok := t.keyLine(list)
	if !ok || t.value.Kind != yaml.SequenceNode || t.value.Style&yaml.FlowStyle != 0 {
		return nil, errForm
	}
	first, last := t.value.Content[i].Line-1, lastLine(t.value.Content[i])-1
	if last >= len(t.lines) || !strings.HasPrefix(strings.TrimLeft(t.lines[first], " "), "- ") {
		return nil, errForm
	}
	lines := slices.Concat(t.lines[:first], t.lines[last+1:])
	switch alone := len(t.value.Content) == 1; {
	case alone && behind == made:
		lines = slices.Delete(lines, at, at+1)
	case alone:
		space, word, commented := strings.Cut(behind, "#")
		if commented && strings.TrimSpace(space) == "" && isEmpty(word) {
			lines[at] = list + ":" + space + word + t.end(at)
		}
	}
	if n := len(lines); n > 0 && t.end(last) == "" { // then the line before had no end either
		lines[n-1] = strings.TrimSuffix(lines[n-1], t.newline)
	}
	return []byte(strings.Join(lines, "")), nil
}

// isEmpty reports whether the text is explicitly a list without items.
func isEmpty(word string) bool {
	var value any
	err := yaml.Unmarshal([]byte(word), &value)
	list, _ := value.([]any)
	word = strings.TrimSpace(word)
	return err == nil && word != "" && word[0] != '#' && (value == nil || list != nil && len(list) == 0)
}

// lastLine returns the last line on which a part of the node begins.
func lastLine(node *yaml.Node) int {
	last := node.Line
	for _, child := range node.Content {
		last = max(last, lastLine(child))
	}
	return last
}
