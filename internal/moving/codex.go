package moving

import (
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
)

// Values of auth_mode that this package distinguishes. The others belong to API keys.
const (
	modeSignIn  = "chatgpt"
	modeHandOff = "chatgptAuthTokens"
)

func codexEntries(root object) ([]Entry, error) {
	mode, err := root.text("auth_mode")
	if err != nil {
		return nil, err
	}
	tokens, ok, err := root.child("tokens")
	switch {
	case err != nil:
		return nil, err
	case mode == modeHandOff:
		return nil, nothingError("it holds an access token that was handed to Codex, and no refresh token")
	case mode != "" && mode != modeSignIn:
		return nil, nothingError("Codex is not signed in to ChatGPT with it, but uses a key")
	case !ok && root.has("OPENAI_API_KEY"):
		return nil, nothingError("it holds an API key alone")
	case !ok:
		return nil, nothingError("it holds no tokens")
	}
	e, err := codexEntry(root, tokens)
	return []Entry{e}, err
}

func codexEntry(root, tokens object) (Entry, error) {
	t, err := tokens.texts("access_token", "refresh_token", "id_token", "account_id")
	if err != nil {
		return Entry{}, err
	}
	from, _, err := tokens.child("oauth_provenance")
	if err != nil {
		return Entry{}, err
	}
	provenance, err := from.texts("issuer", "client_id")
	if err != nil {
		return Entry{}, err
	}
	last, err := root.text("last_refresh")
	if err != nil {
		return Entry{}, err
	}
	renewed, err := time.Parse(time.RFC3339Nano, last)
	if err != nil && last != "" {
		return Entry{}, errors.New("its member last_refresh is no time")
	}
	switch {
	case t["refresh_token"] == "":
		return Entry{}, nothingError("it holds no refresh token")
	case t["access_token"] == "":
		return Entry{}, errors.New("it has no tokens.access_token")
	}
	return Entry{
		Place: "tokens", Name: string(Codex),
		Access:  helper.NewSecret(t["access_token"]),
		Refresh: helper.NewSecret(t["refresh_token"]),
		ID:      helper.NewSecret(t["id_token"]),
		Renewed: renewed, Identity: helper.Identity{AccountID: t["account_id"]},
		Issuer: provenance["issuer"], ClientID: provenance["client_id"],
	}, nil
}

// codexWithout removes what Codex wrote at the sign-in. It deletes auth_mode too: Codex then uses
// an API key, if there is one.
func codexWithout(doc []byte, pick func(helper.Secret) bool) (rest []byte, empty bool, err error) {
	root, err := readObject(doc)
	if err != nil {
		return nil, false, err
	}
	tokens, ok, err := root.child("tokens")
	if err != nil || !ok {
		return doc, false, err
	}
	refresh, err := tokens.text("refresh_token")
	if err != nil || !pick(helper.NewSecret(refresh)) {
		return doc, false, err
	}
	rest = doc
	for _, name := range []string{"last_refresh", "tokens", "auth_mode"} {
		if rest, err = jsonedit.Remove(rest, name); err != nil {
			return nil, false, fmt.Errorf("take out its member %s: %w", name, err)
		}
		delete(root.members, name)
	}
	if !root.has("OPENAI_API_KEY") {
		delete(root.members, "OPENAI_API_KEY")
	}
	return rest, len(root.members) == 0, nil
}
