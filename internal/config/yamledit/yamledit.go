// Package yamledit adds an item to a top-level list of YAML texts that people write, and keeps
// comments, order and every other byte. Start with [Insert]; [Remove] undoes it to the byte.
//
// It is our own code because YAML libraries re-encode the whole text and change its indentation and
// quotes. The library's parser finds the lines here, and checks the result.
//
// An item is a mapping with a member "name", which identifies it. The item becomes the first of the
// list, the only position that is certain. An absent list is made; one that is written as empty,
// "users: []", keeps that word as a comment. Only block style is edited, and an edit that would
// change anything else, or could not be undone, is an error.
//
// Errors never quote the text, which may be secret. No function changes its input.
package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the size in bytes of the largest text that is edited.
const MaxSize = 1 << 20

// The errors name a form that is not edited without its position: the parser's message may quote
// the text.
var (
	errForm = errors.New("it is written in a form that is not edited here, such as flow style")
	errYAML = errors.New("it is not YAML as it is edited here")
)

// made follows the key of a list that was made for an item.
const made = " # made for the item below"

// Inspect reports whether the list has an item of that name, and whether it equals the value.
func Inspect(doc []byte, list, name string, value any) (there, same bool, err error) {
	_, items, err := content(doc, list)
	if err != nil {
		return false, false, err
	}
	text, err := render(value)
	if err != nil {
		return false, false, err
	}
	var want any
	if err := yaml.Unmarshal(text, &want); err != nil {
		return false, false, errYAML
	}
	for _, item := range items {
		if named(item, name) {
			return true, reflect.DeepEqual(item, want), nil
		}
	}
	return false, false, nil
}

// Insert inserts the value, which must have that name, as the first item of the list.
func Insert(doc []byte, list, name string, value any) ([]byte, error) {
	t, err := parse(doc, list)
	if err != nil {
		return nil, err
	}
	item, err := render(value)
	if err != nil {
		return nil, err
	}
	edited, err := t.insert(list, item)
	if err != nil {
		return nil, err
	}
	there, same, err := Inspect(edited, list, name, value)
	if err != nil || !there || !same {
		return nil, errForm
	}
	if back, err := Remove(edited, list, name); err != nil || !bytes.Equal(back, doc) {
		return nil, errForm
	}
	return edited, nil
}

// Remove removes the items of that name, and the list if it was made for them alone. It is no error
// if there is none.
func Remove(doc []byte, list, name string) ([]byte, error) {
	for {
		t, err := parse(doc, list)
		if err != nil {
			return nil, err
		}
		rest, items, err := content(doc, list)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(items, func(item any) bool { return named(item, name) })
		if i < 0 {
			return doc, nil
		}
		if doc, err = t.remove(list, i); err != nil {
			return nil, err
		}
		gotRest, gotItems, err := content(doc, list)
		if err != nil || !reflect.DeepEqual(gotRest, rest) ||
			!slices.EqualFunc(gotItems, slices.Delete(items, i, i+1), same) {
			return nil, errForm
		}
	}
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// content returns the decoded text: the items of the list, and everything else.
func content(doc []byte, list string) (rest map[string]any, items []any, err error) {
	if len(doc) > MaxSize {
		return nil, nil, sizeError()
	}
	if err := yaml.Unmarshal(doc, &rest); err != nil {
		return nil, nil, errYAML
	}
	if rest == nil {
		rest = map[string]any{}
	}
	value := rest[list]
	delete(rest, list)
	items, ok := value.([]any)
	if !ok && value != nil {
		return nil, nil, errForm
	}
	return rest, items, nil
}

func named(item any, name string) bool {
	members, _ := item.(map[string]any)
	return members["name"] == name
}

// render returns the value in lines, each with its end.
func render(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("write the item: %w", err)
	}
	return text.Bytes(), nil
}

// A text is a parsed text and its lines, each with its end.
type text struct {
	lines   []string
	newline string
	// key and value are the nodes of the list; nil if it is absent.
	key, value *yaml.Node
}

func parse(doc []byte, list string) (*text, error) {
	if len(doc) > MaxSize {
		return nil, sizeError()
	}
	t := &text{newline: "\n", lines: slices.Collect(strings.Lines(string(doc)))}
	if len(t.lines) > 0 && strings.HasSuffix(t.lines[0], "\r\n") {
		t.newline = "\r\n"
	}
	decoder := yaml.NewDecoder(bytes.NewReader(doc))
	var root, second yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF): // only comments
		return t, nil
	case err != nil:
		return nil, errYAML
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errForm
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, errForm
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == list {
			t.key, t.value = top.Content[i], top.Content[i+1]
		}
	}
	return t, nil
}

func sizeError() error { return fmt.Errorf("it is larger than %d bytes", MaxSize) }
