package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// A place is a broken store and the clauses that it should fail.
type place struct {
	place storetest.Place
	fails []string
}

// A broken store is a correct one, except where a function is set.
type broken struct {
	storetest.Memory
	get    func(ctx context.Context, name string) ([]byte, helper.Version, error)
	put    func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error)
	delete func(ctx context.Context, name string, expect helper.Version) error
	list   func(ctx context.Context) ([]string, error)
}

func (s *broken) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if s.get != nil {
		return s.get(ctx, name)
	}
	return s.Memory.Get(ctx, name)
}

func (s *broken) Put(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
	if s.put != nil {
		return s.put(ctx, name, item, expect)
	}
	return s.Memory.Put(ctx, name, item, expect)
}

func (s *broken) Delete(ctx context.Context, name string, expect helper.Version) error {
	if s.delete != nil {
		return s.delete(ctx, name, expect)
	}
	return s.Memory.Delete(ctx, name, expect)
}

func (s *broken) List(ctx context.Context) ([]string, error) {
	if s.list != nil {
		return s.list(ctx)
	}
	return s.Memory.List(ctx)
}

// breaking returns the place of a store that breakIt breaks.
func breaking(breakIt func(*broken), fails ...string) place {
	return place{fails: fails, place: func(*testing.T) func() helper.Store {
		s := new(broken)
		breakIt(s)
		return func() helper.Store { return s }
	}}
}

func places() map[string]place {
	return map[string]place{
		"correct": breaking(func(*broken) {}),

		"answers absent without an error":   breaking(absentIsEmpty, "GetAbsent"),
		"answers absent for every failure":  breaking(everythingIsAbsent, "GetBadName", "PutCancelled"),
		"answers invalid names":             breaking(anyName, "GetBadName"),
		"answers a version for absent":      breaking(versionOfAbsent, "GetAbsent"),
		"cuts at 2,560 bytes":               breaking(truncates, "PutSizes"),
		"refuses small items":               breaking(refusesSmall, "PutSizes"),
		"refuses large items, keeps a part": breaking(keepsPart, "PutSizes"),
		"trims":                             breaking(trims, "PutBinary"),
		"keeps text only":                   breaking(keepsText, "PutBinary"),
		"gives no version":                  breaking(noVersion, "PutThenGet"),
		"gives one version for all":         breaking(oneVersion, "PutReplaces", "PutExpectsVersion"),
		"keeps the rest of a longer item":   breaking(overwrites, "PutReplaces"),
		"ignores what Put expects":          breaking(putIgnoresExpect, "PutExpectsAbsent", "PutExpectsVersion"),
		"writes, then says conflict":        breaking(conflictAfterWrite, "PutExpectsAbsent", "PutExpectsVersion"),
		"ignores the context":               breaking(ignoresContext, "PutCancelled"),
		"writes after the context ended":    breaking(writesCancelled, "PutCancelled"),
		"deletes nothing":                   breaking(deletesNothing, "DeletePresent"),
		"deletes absent items gladly":       breaking(deleteAbsentIsNil, "DeleteAbsent"),
		"ignores what Delete expects":       breaking(deleteIgnoresExpect, "DeleteExpectsVersion"),
		"deletes by prefix":                 breaking(deletesPrefix, "NamesAreApart"),
		"gives its own bytes":               breaking(sharesGet, "ItemsAreCopies"),
		"keeps the caller's bytes":          breaking(sharesPut, "ItemsAreCopies"),
		"tears items that change often":     breaking(tears, "ManyAtOnce"),
		"loses items that change often":     breaking(losesOften, "ManyAtOnce"),
		"lists out of order":                breaking(listsBackwards, "List"),
		"lists half":                        breaking(listsHalf, "List"),
		"lists nothing with an error":       breaking(listFails, "List"),
		"each process has its own": {
			place: func(*testing.T) func() helper.Store {
				return func() helper.Store { return new(storetest.Memory) }
			},
			fails: []string{"NextProcessSees", "ManyAtOnce"},
		},
	}
}

func absentIsEmpty(s *broken) {
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		item, v, err := s.Memory.Get(ctx, name)
		if errors.Is(err, helper.ErrNotFound) {
			return []byte{}, "", nil
		}
		return item, v, err
	}
}

func everythingIsAbsent(s *broken) {
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		item, v, err := s.Memory.Get(ctx, name)
		if err != nil {
			err = helper.ErrNotFound
		}
		return item, v, err
	}
}

func anyName(s *broken) {
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		item, v, err := s.Memory.Get(ctx, name)
		if errors.Is(err, helper.ErrInvalid) {
			return nil, "", helper.ErrNotFound
		}
		return item, v, err
	}
}

func versionOfAbsent(s *broken) {
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		item, v, err := s.Memory.Get(ctx, name)
		if err != nil {
			v = helper.Digest(nil)
		}
		return item, v, err
	}
}

// sharesGet answers the same bytes each time, which the caller may change.
func sharesGet(s *broken) {
	var mu sync.Mutex
	given := map[helper.Version][]byte{}
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		item, v, err := s.Memory.Get(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if given[v] == nil {
			given[v] = item
		}
		return given[v], v, err
	}
}

// sharesPut keeps the bytes that it was given, which the caller may change.
func sharesPut(s *broken) {
	var mu sync.Mutex
	kept := map[helper.Version][]byte{}
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		v, err := s.Memory.Put(ctx, name, item, expect)
		mu.Lock()
		defer mu.Unlock()
		kept[v] = item
		return v, err
	}
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		_, v, err := s.Memory.Get(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		return bytes.Clone(kept[v]), v, err
	}
}

// often breaks reads of an item once it was written ten times, which only many writers do.
func often(read func(item []byte, v helper.Version) ([]byte, helper.Version, error)) func(*broken) {
	return func(s *broken) {
		var mu sync.Mutex
		writes := map[string]int{}
		s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
			mu.Lock()
			defer mu.Unlock()
			writes[name]++
			return s.Memory.Put(ctx, name, item, expect)
		}
		s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
			mu.Lock()
			defer mu.Unlock()
			item, v, err := s.Memory.Get(ctx, name)
			if writes[name] < 10 || err != nil {
				return item, v, err
			}
			return read(item, v)
		}
	}
}

func tears(s *broken) {
	often(func(item []byte, v helper.Version) ([]byte, helper.Version, error) {
		item[len(item)-1] = '!'
		return item, v, nil
	})(s)
}

func losesOften(s *broken) {
	often(func([]byte, helper.Version) ([]byte, helper.Version, error) {
		return nil, "", helper.ErrNotFound
	})(s)
}

func listsBackwards(s *broken) {
	s.list = func(ctx context.Context) ([]string, error) {
		names, err := s.Memory.List(ctx)
		slices.Reverse(names)
		return names, err
	}
}

func listsHalf(s *broken) {
	s.list = func(ctx context.Context) ([]string, error) {
		names, err := s.Memory.List(ctx)
		return names[:len(names)/2], err
	}
}

func listFails(s *broken) {
	s.list = func(context.Context) ([]string, error) { return nil, helper.ErrUnavailable }
}
