import grpc
import pytest

from conftest import Server

reflection = pytest.importorskip("grpc_reflection.v1alpha.proto_reflection_descriptor_database")


def test_reflection_describes_the_contract(server: Server) -> None:
    with grpc.insecure_channel(server.address) as channel:
        database = reflection.ProtoReflectionDescriptorDatabase(channel)
        assert "annals.v1.EventStore" in database.get_services()
        file = database.FindFileContainingSymbol("annals.v1.EventStore")
        [service] = file.service
        assert "Append" in [method.name for method in service.method]
