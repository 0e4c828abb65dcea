//! Appends one event and reads it back. Its argument is the server's address, host:port.

// Comments of the contract are no Rust documentation.
#[allow(clippy::doc_overindented_list_items, clippy::doc_lazy_continuation)]
mod annals {
    tonic::include_proto!("annals.v1");
}

use annals::event_store_client::EventStoreClient;
use annals::expected_version::Kind;
use annals::read_response::Answer;
use annals::{AppendRequest, ExpectedVersion, NewEvent, ReadRequest, StreamId};
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::Request;
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("give the address, host:port")?;
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let tenant = MetadataValue::from_static("2f1d9c3e-6a54-4c59-9a43-0f6f5b7c8d10");
    let mut store = EventStoreClient::with_interceptor(channel, move |mut request: Request<()>| {
        request.metadata_mut().insert("x-tenant-id", tenant.clone());
        Ok(request)
    });

    let order = StreamId {
        aggregate_type: "Order".into(),
        aggregate_id: Uuid::now_v7().to_string(),
    };
    let placed = NewEvent {
        event_id: Uuid::now_v7().to_string(),
        event_type: "OrderPlaced".into(),
        data: br#"{"total":299.99}"#.to_vec(),
        ..Default::default()
    };
    store
        .append(AppendRequest {
            stream: Some(order.clone()),
            expected_version: Some(ExpectedVersion { kind: Some(Kind::NoStream(())) }),
            events: vec![placed],
        })
        .await?;

    let request = ReadRequest { stream: Some(order), ..Default::default() };
    let mut answers = store.read(request).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        let Some(Answer::Page(page)) = answer.answer else { continue };
        for event in page.events {
            let data = String::from_utf8_lossy(&event.data);
            println!("{} {} {}", event.aggregate_version, event.event_type, data);
        }
    }
    Ok(())
}
