package jsonedit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tailscale/hujson"
)

// A text is a document and the positions of its parts.
type text struct {
	text []byte
	root hujson.Value
}

// parse returns the parts of the document.
func parse(doc []byte) (*text, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		doc = []byte("{\n}\n")
	}
	if err := checkLimits(doc); err != nil {
		return nil, err
	}
	// The line feed ends a comment on the last line, as the library requires.
	root, err := hujson.Parse(append(bytes.Clone(doc), '\n'))
	if err != nil {
		var line, column int
		_, _ = fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column)
		// The rest of the library's error quotes the text.
		return nil, fmt.Errorf("it is no JSON, not even with comments: see line %d, column %d", line, column)
	}
	return &text{text: doc, root: root}, nil
}

// checkLimits runs before the library's parser, which recurses for each bracket.
func checkLimits(doc []byte) error {
	if len(doc) > MaxSize {
		return fmt.Errorf("it has more than %d bytes", MaxSize)
	}
	depth := 0
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			i += stringEnd(doc[i:]) - 1
		case '/':
			i += max(commentEnd(doc[i:]), 1) - 1
		case '{', '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("more than %d objects and arrays lie in one another", MaxDepth)
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

// stringEnd returns the length of the string at the start of the text; an open string takes the
// whole text.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// commentEnd returns the length of the comment at the start of the text, without the line break
// that ends it; 0 if there is none.
func commentEnd(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("//")):
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return len(bytes.TrimSuffix(b[:i], []byte("\r")))
		}
		return len(b)
	case bytes.HasPrefix(b, []byte("/*")):
		if i := bytes.Index(b[2:], []byte("*/")); i >= 0 {
			return 2 + i + 2
		}
		return len(b)
	}
	return 0
}

// A step is a value on a path and its position in its parent.
type step struct {
	value *hujson.Value
	at    int // index of the member; unused for the root
}

// walk follows the path from the root as far as it exists, and returns the steps and the missing
// names.
func (t *text) walk(path []string) (found []step, missing []string, err error) {
	found = []step{{value: &t.root}}
	if _, ok := t.root.Value.(*hujson.Object); !ok {
		return nil, nil, errors.New("it is no JSON object")
	}
	for i, name := range path {
		object, ok := found[i].value.Value.(*hujson.Object)
		if !ok {
			return nil, nil, fmt.Errorf("%s is no object", formatPath(path[:i]))
		}
		at := -1
		for n := range object.Members {
			if nameOf(&object.Members[n]) != name {
				continue
			}
			if at >= 0 {
				return nil, nil, fmt.Errorf("%s is there twice", formatPath(path[:i+1]))
			}
			at = n
		}
		if at < 0 {
			return found, path[i:], nil
		}
		found = append(found, step{&object.Members[at].Value, at})
	}
	return found, nil, nil
}

func nameOf(m *hujson.ObjectMember) string {
	literal, _ := m.Name.Value.(hujson.Literal)
	return literal.String()
}

// standard returns the value without comments and spaces.
func standard(v *hujson.Value) []byte {
	c := v.Clone()
	c.Minimize()
	return c.Pack()
}

// render returns the value as JSON on one line, spaced as people write it.
func render(value any) (string, error) {
	var compact bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", errors.New("the value has no form as JSON")
	}
	var spaced bytes.Buffer
	b := bytes.TrimSpace(compact.Bytes())
	for i := 0; i < len(b); i++ {
		end := i + 1
		if b[i] == '"' {
			end = i + stringEnd(b[i:])
		}
		spaced.Write(b[i:end])
		if b[i] == ':' || b[i] == ',' {
			spaced.WriteByte(' ')
		}
		i = end - 1
	}
	return spaced.String(), nil
}

func quoted(name string) string { return string(hujson.String(name)) }
