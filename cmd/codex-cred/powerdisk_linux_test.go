package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A diskEvent is a system call that changed a disk, or that sent a request.
type diskEvent struct {
	call, path, other string // other: the new name of a rename
	data              []byte
	offset            int64 // of a write; negative at the end
}

// A powerFile is the current content of a file, and the content that is synced.
type powerFile struct{ content, synced []byte }

// A nameChange assigns a name in a folder to a file, or removes the name.
type nameChange struct {
	name string
	file *powerFile // nil removes the name
}

// A powerDisk models the state of a disk and what a loss of power may destroy. Of the unsynced
// writes to a file, all or some may be lost. Of the unsynced changes of a folder, those after any
// one of them may be lost.
type powerDisk struct {
	files   map[string]*powerFile            // by path, as the program sees them
	names   map[string]map[string]*powerFile // by folder, synced
	pending map[string][]nameChange          // by folder
}

// newPowerDisk reads the folders below root as synced state.
func newPowerDisk(t *testing.T, root string) *powerDisk {
	t.Helper()
	d := &powerDisk{map[string]*powerFile{}, map[string]map[string]*powerFile{}, map[string][]nameChange{}}
	must(t, filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		d.files[path] = &powerFile{content, content}
		d.certain(filepath.Dir(path))[e.Name()] = d.files[path]
		return err
	}))
	return d
}

func (d *powerDisk) certain(folder string) map[string]*powerFile {
	if d.names[folder] == nil {
		d.names[folder] = map[string]*powerFile{}
	}
	return d.names[folder]
}

// change records an unsynced change of a name.
func (d *powerDisk) change(path string, f *powerFile) {
	folder := filepath.Dir(path)
	d.pending[folder] = append(d.pending[folder], nameChange{filepath.Base(path), f})
	if f == nil {
		delete(d.files, path)
		return
	}
	d.files[path] = f
}

// apply applies the event to the disk.
func (d *powerDisk) apply(e diskEvent) {
	f := d.files[e.path]
	switch e.call {
	case "openat":
		if f == nil {
			d.change(e.path, &powerFile{})
		}
	case "write", "pwrite64":
		if f != nil {
			f.write(e.data, e.offset)
		}
	case "fsync", "fdatasync":
		if f != nil {
			f.synced = slices.Clone(f.content)
			return
		}
		for _, c := range d.pending[e.path] {
			if d.certain(e.path)[c.name] = c.file; c.file == nil {
				delete(d.names[e.path], c.name)
			}
		}
		delete(d.pending, e.path)
	case "renameat":
		if f != nil {
			// A rename is atomic: the old name disappears as the new one appears.
			delete(d.files, e.path)
			d.change(e.other, f)
		}
	case "unlinkat":
		if f != nil {
			d.change(e.path, nil)
		}
	}
}

func (f *powerFile) write(data []byte, offset int64) {
	f.content = slices.Clone(f.content)
	if offset < 0 {
		offset = int64(len(f.content))
	}
	if end := int(offset) + len(data); end > len(f.content) {
		f.content = append(f.content, make([]byte, end-len(f.content))...)
	}
	copy(f.content[offset:], data)
}

// remains returns the possible contents of the file: the synced one, the current one, or one with
// half of the differing sectors.
func (f *powerFile) remains() [][]byte {
	if string(f.content) == string(f.synced) {
		return [][]byte{f.content}
	}
	const sector = 512
	half := make([]byte, len(f.content))
	copy(half, f.synced)
	copy(half, f.content[:len(f.content)/2/sector*sector])
	return [][]byte{f.synced, f.content, half}
}

// losses calls visit with every file tree that a loss of power at this moment may leave, by path.
func (d *powerDisk) losses(visit func(tree map[string][]byte)) {
	trees := []map[string][]byte{{}}
	folders := slices.Sorted(maps.Keys(d.names))
	for folder := range d.pending {
		if d.names[folder] == nil {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		var next []map[string][]byte
		for _, listing := range d.listings(folder) {
			for _, tree := range trees {
				next = append(next, withFiles(tree, folder, listing)...)
			}
		}
		trees = next
	}
	for _, tree := range trees {
		visit(tree)
	}
}

// listings returns the possible names in the folder. The changes reach the disk in order.
func (d *powerDisk) listings(folder string) []map[string]*powerFile {
	all := make([]map[string]*powerFile, 0, 1+len(d.pending[folder]))
	all = append(all, maps.Clone(d.names[folder]))
	for _, c := range d.pending[folder] {
		next := maps.Clone(all[len(all)-1])
		if next == nil {
			next = map[string]*powerFile{}
		}
		if next[c.name] = c.file; c.file == nil {
			delete(next, c.name)
		}
		all = append(all, next)
	}
	return all
}

// withFiles adds the files of a folder to the tree, in every combination of their possible
// contents.
func withFiles(tree map[string][]byte, folder string, listing map[string]*powerFile) []map[string][]byte {
	trees := []map[string][]byte{tree}
	for name, f := range listing {
		var next []map[string][]byte
		for _, content := range f.remains() {
			for _, t := range trees {
				t = maps.Clone(t)
				t[filepath.Join(folder, name)] = content
				next = append(next, t)
			}
		}
		trees = next
	}
	return trees
}

// diskCalls are the system calls to trace.
const diskCalls = "openat,write,pwrite64,fsync,fdatasync,renameat,unlinkat"

// diskEvents parses the output of strace -f -y -xx, in the order in which the calls returned.
func diskEvents(t *testing.T, log string) []diskEvent {
	t.Helper()
	begun := map[string]string{}
	var events []diskEvent
	for line := range strings.Lines(log) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if before, ok := strings.CutSuffix(call, "<unfinished ...>"); ok {
			begun[pid] = before
			continue
		}
		if strings.HasPrefix(call, "<... ") {
			_, rest, _ := strings.Cut(call, "resumed>")
			call = begun[pid] + rest
		}
		if e, ok := diskEventOf(t, call); ok {
			events = append(events, e)
		}
	}
	return events
}

// diskEventOf parses a call. ok is false if it failed or changed nothing.
func diskEventOf(t *testing.T, call string) (e diskEvent, ok bool) {
	t.Helper()
	name, rest, _ := strings.Cut(call, "(")
	e = diskEvent{call: name, offset: -1}
	result := call[strings.LastIndex(call, " = ")+1:]
	if strings.HasPrefix(result, "= -1") || strings.HasPrefix(result, "= ?") || strings.HasPrefix(call, "+++") {
		return e, false
	}
	if m := regexp.MustCompile(`^[0-9]+<([^>]*)>`).FindStringSubmatch(rest); m != nil {
		e.path = fromHex(t, m[1])
	}
	var texts []string
	for _, m := range regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"`).FindAllStringSubmatch(rest, -1) {
		texts = append(texts, fromHex(t, m[1]))
	}
	switch name {
	case "openat":
		e.path = texts[0]
		return e, strings.Contains(rest, "O_CREAT")
	case "write", "pwrite64":
		e.data = []byte(texts[0])
		if m := regexp.MustCompile(`, ([0-9]+)\) += [0-9]+$`).FindStringSubmatch(rest); name == "pwrite64" && m != nil {
			offset, err := strconv.ParseInt(m[1], 10, 64)
			must(t, err)
			e.offset = offset
		}
		if len(texts) != 1 || strings.Contains(rest, `"...`) {
			t.Fatalf("strace has cut a write: %s", name)
		}
	case "renameat":
		e.path, e.other = texts[0], texts[1]
	case "unlinkat":
		e.path = texts[0]
	}
	return e, true
}

// fromHex decodes \x61\x62; it returns plain text unchanged.
func fromHex(t *testing.T, text string) string {
	t.Helper()
	if !strings.HasPrefix(text, `\x`) {
		return text
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		t.Fatal(fmt.Errorf("read what strace shows: %w", err))
	}
	return string(b)
}
