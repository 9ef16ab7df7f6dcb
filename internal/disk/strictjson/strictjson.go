// Package strictjson reads the JSON of our own files: one object, of a format
// version that is known, without a member that is not. Its errors quote no
// content, which those of encoding/json do.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// Cut returns the object that the text begins with, and the rest.
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

// IsWhole sets what the pointer points to from a text that is one object, without a
// member that is unknown, and nothing else; and reports whether the text is that. It
// reads the text once, and tells no version and no reason: the functions below do.
func IsWhole(text []byte, pointer any) bool {
	if !bytes.HasPrefix(text, []byte("{")) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(pointer) == nil && len(bytes.TrimSpace(text[decoder.InputOffset():])) == 0
}

// DecodeWhole sets what the pointer points to from a text that is one object of
// the known version, and nothing else.
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

// CheckVersion returns an error unless the object's member "version" is the
// known one: [helper.ErrNewer] if it is greater.
func CheckVersion(object []byte, known int) error {
	var probe struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(object, &probe); err != nil {
		return errors.New("its version is not a number")
	}
	if probe.Version > known {
		return fmt.Errorf("it is %w: its format version is %d, this codex-cred knows %d", helper.ErrNewer, probe.Version, known)
	}
	if probe.Version != known {
		return errors.New("it has no format version")
	}
	return nil
}

// Decode sets what the pointer points to from the members of the object. One
// that is unknown is an error: the next write would lose it, or it may change
// what the others mean.
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
