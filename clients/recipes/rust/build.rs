//! Generates the client from the contract. protox reads the .proto files: no protoc is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contract = "../../../proto";
    println!("cargo:rerun-if-changed={contract}/annals");
    let files = protox::compile(["annals/v1/event_store.proto"], [contract])?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(files)?;
    Ok(())
}
