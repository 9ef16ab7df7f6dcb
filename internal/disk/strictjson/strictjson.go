// Package strictjson decodes the JSON of codex-cred's own files: one object of a known format
// version, without unknown members. Its errors quote no content, as those of encoding/json do.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// Cut returns the object at the start of the text, and the rest.
func Cut(text []byte) (object, rest []byte, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var found json.RawMessage
	err = decoder.Decode(&found)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, nil, errors.New("it is cut short")
	case err != nil:
		return nil, nil, errors.New("it is not JSON")
	case found[0] != '{':
		return nil, nil, errors.New("it is not a JSON object")
	}
	return found, text[decoder.InputOffset():], nil
}

// IsWhole decodes text into v and reports whether the text is exactly one object without unknown
// members. It parses the text once and reports neither a version nor a reason; the functions below
// do.
func IsWhole(text []byte, pointer any) bool {
	if !bytes.HasPrefix(text, []byte("{")) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(pointer) == nil && len(bytes.TrimSpace(text[decoder.InputOffset():])) == 0
}

// DecodeWhole decodes into v a text that is exactly one object of the known version.
func DecodeWhole(text []byte, known int, pointer any) error {
	object, rest, err := Cut(text)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("something follows its JSON object")
	}
	if err := CheckVersion(object, known); err != nil {
		return err
	}
	return Decode(object, pointer)
}

// CheckVersion returns an error unless the object's member "version" is the known one:
// [helper.ErrNewer] if it is greater.
func CheckVersion(object []byte, known int) error {
	var probe struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(object, &probe); err != nil {
		return errors.New("its version is not a number")
	}
	if probe.Version > known {
		return fmt.Errorf("it is %w: its format version is %d, this codex-cred knows %d",
			helper.ErrNewer, probe.Version, known)
	}
	if probe.Version != known {
		return errors.New("it has no format version")
	}
	return nil
}

// Decode decodes the object into v. An unknown member is an error: the next write would lose it,
// and it may change the meaning of the others.
func Decode(object []byte, pointer any) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(pointer)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("its member %q has the wrong type", wrong.Field)
	}
	if err != nil {
		return errors.New("a member is unknown or has a value that cannot be")
	}
	return nil
}
