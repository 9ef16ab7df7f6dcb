package moving

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxDepth is the deepest nesting of objects and arrays. The formats have four levels.
const maxDepth = 32

// An object is a JSON object, keyed by the exact names of its members.
type object struct {
	path    string // for errors; ends in a dot, except the root's
	members map[string]json.RawMessage
}

func readObject(doc []byte) (object, error) {
	if err := check(doc); err != nil {
		return object{}, err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(doc, &members) != nil || members == nil {
		return object{}, errors.New("it is not a JSON object")
	}
	return object{members: members}, nil
}

// check checks the whole document before any of it is used.
func check(doc []byte) error {
	switch {
	case len(doc) > MaxSize:
		return fmt.Errorf("it has more than %d bytes", MaxSize)
	case bytes.HasPrefix(doc, []byte("\ufeff")):
		return errors.New("it begins with a byte order mark; save it as UTF-8 without one")
	case len(bytes.TrimSpace(doc)) == 0:
		return errors.New("it is empty")
	case !json.Valid(doc):
		return errors.New("it is not JSON, or is cut short")
	}
	return checkNames(json.NewDecoder(bytes.NewReader(doc)))
}

// checkNames rejects duplicate names, because parsers differ in which one they use, and deep
// nesting.
func checkNames(d *json.Decoder) error {
	d.UseNumber()
	var open []*level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.New("it is not JSON")
		}
		if delimiter, ok := token.(json.Delim); ok && (delimiter == '}' || delimiter == ']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 && !open[len(open)-1].add(token) {
			return errors.New("a name is there twice in one of its objects")
		}
		if delimiter, ok := token.(json.Delim); ok {
			if len(open) == maxDepth {
				return fmt.Errorf("more than %d objects and arrays lie in one another", maxDepth)
			}
			open = append(open, newLevel(delimiter))
		}
	}
}

// A level is an object or array that is still open.
type level struct {
	seen  map[string]bool // nil in an array
	value bool            // a value comes next, not a name
}

func newLevel(delimiter json.Delim) *level {
	if delimiter == '[' {
		return &level{}
	}
	return &level{seen: map[string]bool{}}
}

// add reports whether the token may come next.
func (l *level) add(token json.Token) bool {
	name, ok := token.(string)
	if l.seen == nil || l.value || !ok {
		l.value = false
		return true
	}
	l.value = true
	twice := l.seen[name]
	l.seen[name] = true
	return !twice
}

// has reports whether the member exists and is not null.
func (o object) has(name string) bool {
	raw, ok := o.members[name]
	return ok && string(raw) != "null"
}

func (o object) wrongType(name string) error {
	return fmt.Errorf("its member %s%s has the wrong type", o.path, name)
}

// text returns the string in the member, or "" if it is absent.
func (o object) text(name string) (string, error) {
	var s string
	if o.has(name) && json.Unmarshal(o.members[name], &s) != nil {
		return "", o.wrongType(name)
	}
	return s, nil
}

// texts returns the strings in several members, by name.
func (o object) texts(names ...string) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range names {
		s, err := o.text(name)
		if err != nil {
			return nil, err
		}
		found[name] = s
	}
	return found, nil
}

// child returns the object in the member, and whether the member exists.
func (o object) child(name string) (object, bool, error) {
	if !o.has(name) {
		return object{}, false, nil
	}
	c := object{path: o.path + name + "."}
	if json.Unmarshal(o.members[name], &c.members) != nil {
		return object{}, false, o.wrongType(name)
	}
	return c, true, nil
}

// list returns the objects in the member, which must be an array of objects.
func (o object) list(name string) ([]object, error) {
	var elements []json.RawMessage
	if !o.has(name) || json.Unmarshal(o.members[name], &elements) != nil {
		return nil, o.wrongType(name)
	}
	list := make([]object, 0, len(elements))
	for i, raw := range elements {
		e := object{path: fmt.Sprintf("%s%s[%d].", o.path, name, i)}
		if json.Unmarshal(raw, &e.members) != nil || e.members == nil {
			return nil, o.wrongType(fmt.Sprintf("%s[%d]", name, i))
		}
		list = append(list, e)
	}
	return list, nil
}

// millis returns the time in the member, in milliseconds since 1970. It is zero if the member is
// absent or out of range.
func (o object) millis(name string) (time.Time, error) {
	if !o.has(name) {
		return time.Time{}, nil
	}
	var n float64
	if json.Unmarshal(o.members[name], &n) != nil {
		return time.Time{}, o.wrongType(name)
	}
	const latest = 253402300799000 // the end of the year 9999
	if n <= 0 || n > latest {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(n)).UTC(), nil
}
