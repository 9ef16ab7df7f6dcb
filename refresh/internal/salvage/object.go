package salvage

import (
	"bytes"
	"encoding/json"
)

// An Object is a JSON object, or the first members of a truncated one.
type Object struct {
	// Members by name; a duplicate name has several values.
	Members map[string][]json.RawMessage
	// Whole: the object is complete.
	Whole bool
}

const (
	// maxTries limits the number of positions at which an object is tried in one text, and maxWork the number of bytes
	// read for it, so that deeply nested or truncated input does not take long.
	maxTries = 1000
	maxWork  = 16 << 20
)

// Objects yields the JSON objects of the response wherever they are, the likeliest first: an object before the objects
// nested in it. Some are yielded more than once.
func (a Answer) Objects(yield func(Object) bool) {
	for body := range a.bodies {
		for b := range unpacked(body) {
			for text := range texts(b) {
				if !objectsIn(text, yield) {
					return
				}
			}
		}
	}
}

// Mentions reports whether any decoding of the response contains one of the words.
func (a Answer) Mentions(words ...string) bool {
	for body := range a.bodies {
		for b := range unpacked(body) {
			for text := range texts(b) {
				for _, word := range words {
					if bytes.Contains(text, []byte(word)) {
						return true
					}
				}
			}
		}
	}
	return false
}

func objectsIn(text []byte, yield func(Object) bool) (more bool) {
	if !scan(text, yield) {
		return false
	}
	if spaced := plain(text); spaced != nil && !scan(spaced, yield) {
		return false
	}
	// A JSON string that contains JSON.
	var inner string
	if t := trim(text); len(t) > 0 && t[0] == '"' && json.Unmarshal(t, &inner) == nil {
		return scan([]byte(inner), yield)
	}
	return true
}

func scan(text []byte, yield func(Object) bool) (more bool) {
	work, at := maxWork, 0
	for range maxTries {
		next := bytes.IndexByte(text[at:], '{')
		if next < 0 || work <= 0 {
			return true
		}
		at += next
		o, read := parse(text[at:])
		work -= read
		if len(o.Members) > 0 && !yield(o) {
			return false
		}
		at++
	}
	return true
}

// parse parses the object at the start of the text, and returns how many bytes it read.
func parse(text []byte) (o Object, read int) {
	if after := bytes.TrimLeft(text[1:], " \t\r\n"); len(after) == 0 || after[0] != '"' {
		return o, 1 // empty, or not an object
	}
	o.Members = map[string][]json.RawMessage{}
	r := bytes.NewReader(text)
	defer func() { read = len(text) - r.Len() }()
	d := json.NewDecoder(r)
	if _, err := d.Token(); err != nil {
		return o, 0
	}
	for d.More() {
		name, err := d.Token()
		word, ok := name.(string)
		if err != nil || !ok {
			return o, 0
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return o, 0
		}
		o.Members[word] = append(o.Members[word], value)
	}
	_, err := d.Token()
	o.Whole = err == nil
	return o, 0
}
