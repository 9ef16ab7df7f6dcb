package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlanRefusesWhatCannotBeUndone checks that setup writes nothing that it could not undo byte
// for byte.
func TestPlanRefusesWhatCannotBeUndone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	must(t, os.WriteFile(path, []byte("theirs"), 0o600))
	edit := configEdit{
		path: path,
		put: func(content []byte, _ bool) ([]byte, []string, error) {
			return append(bytes.ToUpper(content), "ours"...), nil, nil
		},
		take: func(content []byte) ([]byte, error) { return bytes.TrimSuffix(content, []byte("ours")), nil },
	}
	_, err := (&setup{}).plan(edit, earlier{})
	if err == nil || !strings.Contains(err.Error(), "byte for byte") {
		t.Errorf("an edit that loses something: %v", err)
	}
	edit.put = func(content []byte, _ bool) ([]byte, []string, error) {
		return append(bytes.Clone(content), "ours"...), nil, nil
	}
	if _, err := (&setup{}).plan(edit, earlier{}); err != nil {
		t.Errorf("an edit that loses nothing: %v", err)
	}
}
