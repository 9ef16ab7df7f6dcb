package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// An api is a fake API that receives access tokens. It implements OpenAI's responses as far as the
// clients need them. It accepts only the token that the authorization server issued last. It stores
// digests, never tokens.
type api struct {
	issuer *authserver.Server
	http   *httptest.Server

	mu      sync.Mutex // guards the fields below
	calls   []apiCall
	checked int    // calls that a script has already checked
	refused string // digest of the token that a script told the API to refuse
	before  func() // called before the next POST is judged; may be nil
}

// An apiCall is a request that the API received.
type apiCall struct {
	path    string
	status  int
	digest  string // SHA-256 of the bearer token, or of nothing
	account string
}

func startAPI(s *stage) *api {
	a := &api{issuer: s.server}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backend-api/codex/responses", a.guarded(respond))
	mux.HandleFunc("POST /v1/messages", a.guarded(converse))
	mux.HandleFunc("GET /backend-api/codex/models", a.guarded(models))
	a.http = httptest.NewServer(mux)
	s.t.Cleanup(a.http.Close)
	return a
}

// url is the base URL of the API.
func (a *api) url() string { return a.http.URL + "/backend-api/codex" }

func (a *api) guarded(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.happen(r.Method)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		status := http.StatusOK
		key := r.Header.Get("X-Api-Key") // Anthropic's clients send both
		if !a.accepts(token) || key != "" && key != token {
			status = http.StatusUnauthorized
		}
		sum := sha256.Sum256([]byte(token))
		a.mu.Lock()
		a.calls = append(a.calls, apiCall{r.URL.Path, status, hex.EncodeToString(sum[:]), r.Header.Get("ChatGPT-Account-Id")})
		a.mu.Unlock()
		if status != http.StatusOK {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":{"message":"the API refuses this token","type":"invalid_request_error","code":"token_expired"}}`))
			return
		}
		answer(w, r)
	}
}

// happen calls the function that a script registered for the next request, once.
func (a *api) happen(method string) {
	a.mu.Lock()
	before := a.before
	if method == http.MethodPost {
		a.before = nil
	}
	a.mu.Unlock()
	if before != nil && method == http.MethodPost {
		before()
	}
}

func (a *api) accepts(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	newest := a.newest()
	return a.issuer.Accepts(token) && authserver.Digest(token) == newest && newest != a.refused
}

// newest returns the digest of the access token that was issued last.
func (a *api) newest() string {
	for _, entry := range slices.Backward(a.issuer.Log()) {
		if entry.IssuedAccess != "" {
			return entry.IssuedAccess
		}
	}
	return ""
}

// answerText is the answer of the model.
const answerText = "Hello from the API"

// respond writes the answer of a model as server-sent events.
func respond(w http.ResponseWriter, _ *http.Request) {
	const message = `{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"` + answerText + `","annotations":[]}]}`
	const usage = `{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":1,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":2}`
	w.Header().Set("Content-Type", "text/event-stream")
	for _, event := range [][2]string{
		{"response.created", `"response":{"id":"resp_1","created_at":1,"model":"m"}`},
		{"response.output_item.added", `"output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}`},
		{"response.output_text.delta", `"output_index":0,"content_index":0,"item_id":"msg_1","delta":"` + answerText + `"`},
		{"response.output_item.done", `"output_index":0,"item":` + message},
		{"response.completed", `"response":{"id":"resp_1","created_at":1,"model":"m","status":"completed","output":[` + message + `],"usage":` + usage + `}`},
	} {
		_, _ = fmt.Fprintf(w, "event: %[1]s\ndata: {\"type\":\"%[1]s\",%[2]s}\n\n", event[0], event[1])
	}
}

func models(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"models":[]}`))
}

// refuse makes the API refuse the newest token until a newer one is issued.
//
//	refuse
func (s *stage) refuse(*testscript.TestScript, []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.refused = s.api.newest()
}

// served checks the statuses of the requests that the API has answered since the last served. Each
// request for ChatGPT must have the account's id.
//
//	served STATUS...
func (s *stage) served(ts *testscript.TestScript, args []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	statuses := make([]string, 0, len(args))
	for _, call := range s.api.calls[s.api.checked:] {
		chatGPT := strings.HasPrefix(call.path, "/backend-api/")
		if strings.HasSuffix(call.path, "/models") {
			continue
		}
		statuses = append(statuses, strconv.Itoa(call.status))
		if chatGPT && call.account != "acct-1" {
			ts.Fatalf("a request came with the account %q", call.account)
		}
	}
	s.api.checked = len(s.api.calls)
	if !slices.Equal(statuses, args) {
		ts.Fatalf("the API answered %q, want %q", statuses, args)
	}
}

// spent checks how many tokens the API has accepted so far. The last of them must be the token of
// the last get.
//
//	spent COUNT
func (s *stage) spent(ts *testscript.TestScript, args []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	accepted := map[string]bool{}
	last := ""
	for _, call := range s.api.calls {
		if call.status == http.StatusOK {
			last = call.digest
			accepted[last] = true
		}
	}
	if got := strconv.Itoa(len(accepted)); got != args[0] {
		ts.Fatalf("the API accepted %s tokens, want %s", got, args[0])
	}
	if last != digestOf(s.lastGet) {
		ts.Fatalf("the API accepted another token than get prints")
	}
}

// clean checks that other programs' directories contain no secrets. The directories must exist.
//
//	clean DIR...
func (s *stage) clean(ts *testscript.TestScript, args []string) {
	for _, dir := range args {
		if leaks := leakscan.Tree(s.secrets(), ts.MkAbs(dir)); len(leaks) > 0 {
			ts.Fatalf("secrets in %s:\n%s", dir, strings.Join(leaks, "\n"))
		}
	}
}
