package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// storing breaks what Put stores.
func storing(change func([]byte) []byte) func(*broken) {
	return func(s *broken) {
		s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
			return s.Memory.Put(ctx, name, change(bytes.Clone(item)), expect)
		}
	}
}

func truncates(s *broken) {
	storing(func(item []byte) []byte { return item[:min(len(item), 2_560)] })(s)
}

func trims(s *broken) { storing(bytes.TrimSpace)(s) }

func keepsText(s *broken) {
	storing(func(item []byte) []byte { return bytes.ToValidUTF8(item, []byte("\ufffd")) })(s)
}

func refusesSmall(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		if len(item) >= 2_560 {
			return "", helper.ErrTooLarge
		}
		return s.Memory.Put(ctx, name, item, expect)
	}
}

func keepsPart(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		if len(item) > 2_560 {
			_, err := s.Memory.Put(ctx, name, item[:2_560], expect)
			return "", errors.Join(helper.ErrTooLarge, err)
		}
		return s.Memory.Put(ctx, name, item, expect)
	}
}

// versions breaks the versions that Get and Put return, and that Put takes.
func versions(change func(helper.Version) helper.Version) func(*broken) {
	return func(s *broken) {
		s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
			item, v, err := s.Memory.Get(ctx, name)
			return item, change(v), err
		}
		s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
			_, v, err := s.Memory.Get(ctx, name)
			if expect != change(v) {
				return "", errors.Join(helper.ErrConflict, err)
			}
			v, err = s.Memory.Put(ctx, name, item, v)
			return change(v), err
		}
	}
}

func noVersion(s *broken) { versions(func(helper.Version) helper.Version { return "" })(s) }

func oneVersion(s *broken) {
	versions(func(v helper.Version) helper.Version {
		if v == "" {
			return ""
		}
		return "1"
	})(s)
}

func overwrites(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		old, _, _ := s.Memory.Get(ctx, name)
		if len(old) > len(item) {
			item = append(bytes.Clone(item), old[len(item):]...)
		}
		return s.Memory.Put(ctx, name, item, expect)
	}
}

func putIgnoresExpect(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, _ helper.Version) (helper.Version, error) {
		return s.force(ctx, name, item)
	}
}

// force writes whatever the version, unless the name or the context forbids it.
func (s *broken) force(ctx context.Context, name string, item []byte) (helper.Version, error) {
	_, v, _ := s.Memory.Get(ctx, name)
	return s.Memory.Put(ctx, name, item, v)
}

func conflictAfterWrite(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		v, err := s.Memory.Put(ctx, name, item, expect)
		if errors.Is(err, helper.ErrConflict) {
			_, _ = s.force(ctx, name, item)
		}
		return v, err
	}
}

func ignoresContext(s *broken) {
	s.get = func(ctx context.Context, name string) ([]byte, helper.Version, error) {
		return s.Memory.Get(context.WithoutCancel(ctx), name)
	}
	s.delete = func(ctx context.Context, name string, expect helper.Version) error {
		return s.Memory.Delete(context.WithoutCancel(ctx), name, expect)
	}
}

func writesCancelled(s *broken) {
	s.put = func(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
		v, err := s.Memory.Put(context.WithoutCancel(ctx), name, item, expect)
		return v, errors.Join(err, ctx.Err())
	}
}

func deletesNothing(s *broken) {
	s.delete = func(ctx context.Context, name string, expect helper.Version) error {
		_, v, err := s.Memory.Get(ctx, name)
		if err == nil && v != expect {
			return helper.ErrConflict
		}
		return err
	}
}

func deleteAbsentIsNil(s *broken) {
	s.delete = func(ctx context.Context, name string, expect helper.Version) error {
		err := s.Memory.Delete(ctx, name, expect)
		if errors.Is(err, helper.ErrNotFound) {
			return nil
		}
		return err
	}
}

func deleteIgnoresExpect(s *broken) {
	s.delete = func(ctx context.Context, name string, _ helper.Version) error {
		_, v, err := s.Memory.Get(ctx, name)
		if err != nil {
			return err
		}
		return s.Memory.Delete(ctx, name, v)
	}
}

func deletesPrefix(s *broken) {
	s.delete = func(ctx context.Context, name string, expect helper.Version) error {
		err := s.Memory.Delete(ctx, name, expect)
		names, _ := s.Memory.List(ctx)
		for _, other := range names {
			if _, v, _ := s.Memory.Get(ctx, other); err == nil && strings.HasPrefix(other, name) {
				_ = s.Memory.Delete(ctx, other, v)
			}
		}
		return err
	}
}
