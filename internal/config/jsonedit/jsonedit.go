// Package jsonedit changes single members of JSON texts that people write:
// comments, order, indentation, trailing commas and every other byte stay. Start
// with [Set] and [Append]; [Remove] and [RemoveElement] take back what they did,
// to the byte.
//
// A text is JSON with comments and trailing commas (JSONC). A path names members
// of objects from the root down. A text that holds nothing at all counts as an
// empty object. Errors tell places and the names in the path, never a part of
// the text, which may be secret. Nothing here changes the text it was given.
//
// An object or array that an edit had to make is written with one space inside
// its brackets, { "name": 1 }, which an edit of one that was there never writes.
// So an edit that is taken back takes with it what it made, and no more.
package jsonedit

import (
	"errors"
	"fmt"
	"strings"
)

// The limits of a text.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 100     // of objects and arrays in one another
)

// Get returns what is at the path as standard JSON without spaces, and whether
// there is something.
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

// Set puts the value, in its form as JSON, at the path: in the place of what is
// there, else behind the last member. Objects on the way that are absent are
// made.
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

// Append puts the value behind the last element of the array at the path, which
// is made if it is absent.
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

// put is Set for a value that is text already.
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

// Remove takes away what is at the path, and the objects round it that an edit
// made for it alone. If there is nothing, nothing changes.
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

// RemoveElement takes away those elements of the array at the path for which
// pick, which is given their standard JSON, returns true; and the array, and the
// objects round it, if an edit made them for these alone. If there is no such
// element, nothing changes.
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

// checkResult returns the text of an edit unless it broke the limits.
func checkResult(doc []byte) ([]byte, error) {
	if err := checkLimits(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// formatPath returns the path for a person.
func formatPath(path []string) string {
	if len(path) == 0 {
		return "it"
	}
	return fmt.Sprintf("its member %q", strings.Join(path, "."))
}
