# Evaluates our formula with as many of Homebrew's words as it uses: every system
# must get an archive of the release with its checksum, and the one for this system
# must install below PREFIX and pass the formula's own test.
#
#   ruby .ci/formula.rb RELEASE PREFIX
require "digest"
require "fileutils"
require "pathname"

class Place < Pathname
  def install(*things)
    FileUtils.mkdir_p(self)
    each_pair(things) { |from, name| FileUtils.cp_r(from, self + name, preserve: true) }
  end

  def install_symlink(*things)
    each_pair(things) { |from, name| FileUtils.ln_s(from, self + name) }
  end

  private

  def each_pair(things)
    things.flatten.each do |thing|
      pairs = thing.is_a?(Hash) ? thing : { thing => File.basename(thing) }
      pairs.each { |from, name| yield from, name }
    end
  end
end

class Formula
  class << self
    attr_accessor :os, :cpu, :prefix

    def on_macos = Formula.os == :macos && yield
    def on_linux = Formula.os == :linux && yield
    def on_arm = Formula.cpu == :arm && yield
    def on_intel = Formula.cpu == :intel && yield
    def test(&block) = define_method(:run_test, &block)

    %i[desc license version url sha256].each do |word|
      define_method(word) { |value = nil| value ? (@said ||= {})[word] = value : @said.fetch(word) }
    end
  end

  places = { bin: "bin", man1: "share/man/man1", pkgshare: "share/codex-cred", bash_completion: "etc/bash_completion.d",
             zsh_completion: "share/zsh/site-functions", fish_completion: "share/fish/vendor_completions.d" }
  places.each { |name, path| define_method(name) { Place.new(File.join(Formula.prefix, path)) } }

  def version = self.class.version

  def shell_output(command)
    output = `#{command}`
    $?.success? or abort "formula: #{command} failed"
    output
  end

  def assert_match(want, got) = got.include?(want) || abort("formula: #{got.inspect} lacks #{want.inspect}")
end

# formula returns the class as it is for a system.
def formula(file, os, cpu)
  Object.send(:remove_const, :CodexCred) if defined?(CodexCred)
  Formula.os, Formula.cpu = os, cpu
  load file
  CodexCred
end

def archive(release, formula)
  path = File.join(release, File.basename(formula.url))
  Digest::SHA256.file(path).hexdigest == formula.sha256 or abort "formula: the checksum of #{path} is another"
  path
end

release, prefix = ARGV.map { |dir| File.expand_path(dir) }
file = File.join(release, "codex-cred.rb")
Formula.prefix = prefix
found = %i[macos linux].product(%i[arm intel]).map { |os, cpu| archive(release, formula(file, os, cpu)) }
found.uniq.size == 4 or abort "formula: two systems get one archive"

ours = formula(file, :linux, RbConfig::CONFIG["host_cpu"].match?(/arm|aarch/) ? :arm : :intel)
FileUtils.mkdir_p(prefix)
source = File.join(prefix, "source")
FileUtils.mkdir(source)
system("tar", "-xzf", archive(release, ours), "-C", source, "--strip-components=1", exception: true)
Dir.chdir(source) { ours.new.install }
FileUtils.rm_r(source)
ours.new.run_test
