package storetest

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// manyAtOnce checks that readers get only complete items and no errors while writers replace an item, and that one
// complete item remains.
func manyAtOnce(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	whole := func(item []byte) bool {
		return len(item) == 3_000 && bytes.Count(item, item[:1]) == len(item)
	}
	if _, err := s.Put(t.Context(), name, bytes.Repeat([]byte{'0'}, 3_000), ""); errors.Is(err, helper.ErrTooLarge) {
		whole = func(item []byte) bool { return len(item) == 300 && bytes.Count(item, item[:1]) == len(item) }
		mustPut(t, s, name, bytes.Repeat([]byte{'0'}, 300), "")
	} else if err != nil {
		t.Fatal(err)
	}
	clean(t, s, name)
	size := len(first(mustGet(t, s, name)))
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() { writeRounds(t, open(), name, bytes.Repeat([]byte{byte('a' + n)}, size)) })
		wg.Go(func() { readRounds(t, open(), name, whole) })
	}
	wg.Wait()
	if item, _ := mustGet(t, s, name); !whole(item) {
		t.Errorf("the last item is torn: %.20q", item)
	}
}

func first(item []byte, _ helper.Version) []byte { return item }

const rounds = 20

func writeRounds(t *testing.T, s helper.Store, name string, item []byte) {
	for range rounds {
		_, v, err := s.Get(t.Context(), name)
		if err == nil {
			_, err = s.Put(t.Context(), name, item, v)
		}
		if err != nil && !errors.Is(err, helper.ErrConflict) {
			t.Errorf("write beside others: %v", err)
			return
		}
	}
}

func readRounds(t *testing.T, s helper.Store, name string, whole func([]byte) bool) {
	for range rounds {
		item, _, err := s.Get(t.Context(), name)
		if err != nil {
			t.Errorf("read beside writers: %v", err)
			return
		}
		if !whole(item) {
			t.Errorf("read beside writers: a torn item of %d bytes", len(item))
			return
		}
	}
}
