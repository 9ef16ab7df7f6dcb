package helper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// itemVersion is the version of the item format. A change that an older codex-cred would misread or lose increases it.
const itemVersion = 1

// An item is the stored form of a Credential: compact JSON.
type item struct {
	Version      int       `json:"version"`
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	Expiry       time.Time `json:"expiry"`
	ObtainedAt   time.Time `json:"obtained_at"`
	Generation   uint64    `json:"generation"`
	Scope        string    `json:"scope,omitempty"`
	Identity     Identity  `json:"identity"`
	Issuer       Issuer    `json:"issuer"`
	Refused      string    `json:"refused,omitempty"`
}

// Encode returns the credential as an item for a Store. The item contains the tokens in clear text.
func Encode(c Credential) ([]byte, error) {
	if err := checkEncodable(c); err != nil {
		return nil, err
	}
	b, err := json.Marshal(toItem(c))
	if err != nil {
		return nil, fmt.Errorf("encode the credential: %w", err)
	}
	return b, nil
}

// checkEncodable returns ErrInvalid if the item could not reproduce the credential exactly.
func checkEncodable(c Credential) error {
	if !utf8.ValidString(c.AccessToken.Reveal()) || !utf8.ValidString(c.RefreshToken.Reveal()) {
		return fmt.Errorf("encode the credential: a token is %w: it is not text", ErrInvalid)
	}
	return nil
}

// Decode decodes an item of either form. An invalid item, or one of a newer codex-cred, is ErrCorrupt. The error
// contains no part of the item.
func Decode(b []byte) (Credential, error) {
	if len(b) == 0 {
		return Credential{}, fmt.Errorf("the stored item is %w: it is empty", ErrCorrupt)
	}
	if b[0] == compactV1 {
		it, err := decodeCompact(b[1:])
		if err != nil {
			return Credential{}, fmt.Errorf("the stored item is %w: %w", ErrCorrupt, err)
		}
		return fromItem(it)
	}
	it, err := decodeJSON(b)
	if err != nil {
		return Credential{}, fmt.Errorf("the stored item is %w: %w", ErrCorrupt, err)
	}
	return fromItem(it)
}

// decodeJSON decodes exactly one JSON object. It does not return errors of encoding/json, which can quote the input.
func decodeJSON(b []byte) (item, error) {
	var it item
	// Only an invalid item is examined for the reason.
	if !bytes.HasPrefix(b, []byte("{")) || json.Unmarshal(b, &it) != nil || it.Version != itemVersion {
		var err error
		if it, err = decodeParts(b); err != nil {
			return item{}, err
		}
	}
	years := []int{it.Expiry.UTC().Year(), it.ObtainedAt.UTC().Year()}
	if slices.Min(years) < 0 || slices.Max(years) > 9999 {
		return item{}, errors.New("a time is out of range") // not representable in JSON in UTC
	}
	return it, nil
}

func decodeParts(b []byte) (item, error) {
	var probe struct {
		Version int `json:"version"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) || json.Unmarshal(b, &probe) != nil {
		return item{}, errors.New("it is not a JSON object")
	}
	if probe.Version > itemVersion {
		return item{},
			fmt.Errorf("it is %w: its format version is %d, this codex-cred knows %d", ErrNewer, probe.Version, itemVersion)
	}
	if probe.Version != itemVersion {
		return item{}, errors.New("it has no format version")
	}
	var it item
	if json.Unmarshal(b, &it) != nil {
		return item{}, errors.New("a member has the wrong type")
	}
	return it, nil
}

func toItem(c Credential) item {
	return item{
		Version:     itemVersion,
		AccessToken: c.AccessToken.Reveal(), RefreshToken: c.RefreshToken.Reveal(),
		Expiry: c.Expiry.UTC(), ObtainedAt: c.ObtainedAt.UTC(),
		Generation: c.Generation, Scope: c.Scope,
		Identity: c.Identity, Issuer: c.Issuer, Refused: c.Refused,
	}
}

func fromItem(it item) (Credential, error) {
	missing := ""
	switch {
	case it.AccessToken == "":
		missing = "access_token"
	case it.Expiry.IsZero():
		missing = "expiry"
	case it.Generation == 0:
		missing = "generation"
	case it.Issuer.TokenEndpoint == "":
		missing = "issuer.token_endpoint"
	}
	if !utf8.ValidString(it.AccessToken) || !utf8.ValidString(it.RefreshToken) {
		return Credential{}, fmt.Errorf("the stored item is %w: a token is not text", ErrCorrupt)
	}
	if missing != "" {
		return Credential{}, fmt.Errorf("the stored item is %w: it has no %s", ErrCorrupt, missing)
	}
	return Credential{
		AccessToken: NewSecret(it.AccessToken), RefreshToken: NewSecret(it.RefreshToken),
		Expiry: it.Expiry.UTC(), ObtainedAt: it.ObtainedAt.UTC(),
		Generation: it.Generation, Scope: it.Scope,
		Identity: it.Identity, Issuer: it.Issuer, Refused: it.Refused,
	}, nil
}
