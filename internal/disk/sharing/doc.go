// Package sharing opens, renames and deletes files that other processes have open. Unix always
// allows that. Windows refuses it unless the other process allowed it when it opened the file: so
// [Open] allows it, and the package repeats for a while what other processes hinder.
package sharing
