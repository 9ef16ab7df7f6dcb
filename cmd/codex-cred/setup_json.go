package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

// A jsonKey is a member that setup adds to a JSON config.
type jsonKey struct {
	path  []string
	value string
	// ours reports whether setup, in any version, wrote the value. nil: only value itself is ours.
	ours func(value string) bool
}

func (k jsonKey) name() string { return strings.Join(k.path, ".") }

// look reports whether the content has a value at the key, and whether that is ours.
func (k jsonKey) look(content []byte) (there, ours bool, err error) {
	raw, there, err := jsonedit.Get(content, k.path...)
	if err != nil || !there {
		return false, false, err
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return true, false, err
	}
	text, ok := value.(string)
	return true, ok && (text == k.value || k.ours != nil && k.ours(text)), nil
}

// jsonEdit returns the edit of a JSON config, which may have comments.
func jsonEdit(path string, keys []jsonKey) configEdit {
	return configEdit{
		path:  path,
		blank: "{}\n",
		put:   func(content []byte, replace bool) ([]byte, []string, error) { return putKeys(content, keys, replace) },
		take:  func(content []byte) ([]byte, error) { return takeKeys(content, keys) },
	}
}

func putKeys(content []byte, keys []jsonKey, replace bool) (edited []byte, replaced []string, err error) {
	edited = content
	for _, k := range keys {
		there, ours, err := k.look(content)
		if err != nil {
			return nil, nil, err
		}
		if there && !ours {
			replaced = append(replaced, k.name())
		}
		if raw, _, _ := jsonedit.Get(content, k.path...); there && string(raw) == encoded(k.value) {
			continue
		}
		if edited, err = jsonedit.Set(edited, k.value, k.path...); err != nil {
			return nil, nil, err
		}
	}
	if len(replaced) > 0 && !replace {
		return nil, nil, &otherValueError{replaced}
	}
	return edited, replaced, nil
}

// encoded returns the string as JSON.
func encoded(value string) string {
	text, _ := json.Marshal(value) // a string always has an encoding
	return string(text)
}

// takeKeys removes our keys in reverse order.
func takeKeys(content []byte, keys []jsonKey) ([]byte, error) {
	for i := len(keys) - 1; i >= 0; i-- {
		_, ours, err := keys[i].look(content)
		if err != nil {
			return nil, err
		}
		if !ours {
			continue
		}
		if content, err = jsonedit.Remove(content, keys[i].path...); err != nil {
			return nil, err
		}
	}
	return content, nil
}

// jsonSnippet returns a JSON config with only the keys.
func jsonSnippet(keys []jsonKey) (string, error) {
	doc := []byte("{\n}\n")
	for _, key := range keys {
		var err error
		if doc, err = jsonedit.Set(doc, key.value, key.path...); err != nil {
			return "", err
		}
	}
	var text bytes.Buffer
	err := json.Indent(&text, bytes.TrimSpace(doc), "", "  ")
	return text.String() + "\n", err
}
