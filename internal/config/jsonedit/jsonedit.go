// Package jsonedit changes single members of JSON texts that people write, and keeps comments,
// order, indentation, trailing commas and every other byte. Start with [Set] and [Append]; [Remove]
// and [RemoveElement] undo them to the byte.
//
// It is our own code because JSON libraries re-encode the whole text, and those that patch it do
// not undo a patch to the byte. The library hujson finds the positions here, and the edits are made
// in the text.
//
// A text is JSON with comments and trailing commas (JSONC). A path names members of objects from
// the root down. An empty text counts as an empty object. Errors name positions and members of the
// path and never quote the text, which may be secret. No function changes its input.
//
// An edit writes a new object or array with one space inside its brackets, { "name": 1 }, and never
// changes an existing one to that form. So an undo removes exactly the objects and arrays that the
// edit made.
package jsonedit

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of a text.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 100     // nesting of objects and arrays
)

// Get returns the value at the path as standard JSON without spaces, and whether there is one.
func Get(doc []byte, path ...string) (value []byte, ok bool, err error) {
	t, err := parse(doc)
	if err != nil {
		return nil, false, err
	}
	found, missing, err := t.walk(path)
	if err != nil || len(missing) > 0 {
		return nil, false, err
	}
	return standard(found[len(found)-1].value), true, nil
}

// Set sets the value at the path, in its JSON form. It replaces an existing value, or adds a member
// after the last one. Absent objects on the path are made.
func Set(doc []byte, value any, path ...string) ([]byte, error) {
	if len(path) == 0 {
		return nil, errors.New("a value needs a name")
	}
	text, err := render(value)
	if err != nil {
		return nil, err
	}
	return put(doc, text, path)
}

// Append adds the value after the last element of the array at the path. An absent array is made.
func Append(doc []byte, value any, path ...string) ([]byte, error) {
	if len(path) == 0 {
		return nil, errors.New("an array needs a name")
	}
	text, err := render(value)
	if err != nil {
		return nil, err
	}
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	found, missing, err := t.walk(path)
	switch {
	case err != nil:
		return nil, err
	case len(missing) > 0:
		return put(doc, "[ "+text+" ]", path)
	}
	array, ok := arrayOf(found[len(found)-1].value)
	if !ok {
		return nil, fmt.Errorf("%s is no array", formatPath(path))
	}
	return checkResult(t.insert(array, text))
}

// put is Set for a value that is already text.
func put(doc []byte, text string, path []string) ([]byte, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	found, missing, err := t.walk(path)
	if err != nil {
		return nil, err
	}
	last := found[len(found)-1]
	if len(missing) == 0 {
		return checkResult(splice(t.text, edit{last.value.StartOffset, last.value.EndOffset, text}))
	}
	object, ok := objectOf(last.value)
	if !ok {
		return nil, fmt.Errorf("%s is no object", formatPath(path[:len(found)-1]))
	}
	for i := len(missing) - 1; i > 0; i-- {
		text = "{ " + quoted(missing[i]) + ": " + text + " }"
	}
	return checkResult(t.insert(object, quoted(missing[0])+": "+text))
}

// Remove removes the value at the path, and the enclosing objects that an edit made for it alone.
// An absent value is no error.
func Remove(doc []byte, path ...string) ([]byte, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, err
	}
	found, missing, err := t.walk(path)
	if err != nil || len(missing) > 0 {
		return doc, err
	}
	if len(path) == 0 {
		return nil, errors.New("the whole cannot be removed")
	}
	return t.removeMember(found), nil
}

// RemoveElement removes the elements of the array at the path for which pick returns true; pick
// receives their standard JSON. It also removes the array and the enclosing objects if an edit made
// them for these elements alone. It is no error if there is no such element.
func RemoveElement(doc []byte, pick func(value []byte) bool, path ...string) ([]byte, error) {
	for {
		t, err := parse(doc)
		if err != nil {
			return nil, err
		}
		found, missing, err := t.walk(path)
		if err != nil || len(missing) > 0 {
			return doc, err
		}
		array, ok := arrayOf(found[len(found)-1].value)
		if !ok {
			return nil, fmt.Errorf("%s is no array", formatPath(path))
		}
		i := array.find(pick)
		switch {
		case i < 0:
			return doc, nil
		case t.isMadeFor(array) && len(path) > 0:
			doc = t.removeMember(found)
		default:
			doc = t.remove(array, i)
		}
	}
}

// checkResult returns the edited text, or an error if it exceeds the limits.
func checkResult(doc []byte) ([]byte, error) {
	if err := checkLimits(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// formatPath returns the path for people.
func formatPath(path []string) string {
	if len(path) == 0 {
		return "it"
	}
	return fmt.Sprintf("its member %q", strings.Join(path, "."))
}
