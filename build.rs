//! The front end is embedded from `web-widget/dist`; a build without it (a check, a unit test) needs the folder to exist.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web-widget/dist");
    std::fs::create_dir_all("web-widget/dist")
}
