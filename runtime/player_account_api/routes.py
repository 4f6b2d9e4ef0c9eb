"""The player account service's endpoints."""

from __future__ import annotations

from urllib.parse import urlencode

from runtime.catalogue import PLAYERS
from runtime.core.bodies import read_json, read_query
from runtime.core.responses import Response, json_response
from runtime.core.router import Router
from runtime.player_account_api.cursor import Cursors
from runtime.player_account_api.models import PlayerInput, PlayerPage, PlayerQuery
from runtime.player_account_api.service import Players

__all__ = ["build_router"]


def build_router() -> Router:
    """The routes of the player account service."""
    router = Router(PLAYERS)
    cursors = Cursors()

    @router.operation("createPlayer")
    def create_player() -> Response[str]:
        player = Players(router.world).create(_read_player(router))
        return json_response(201, player, {"Location": f"{router.world.base_url}/players/{player['player_id']}"})

    @router.operation("listPlayers")
    def list_players() -> Response[str]:
        world, query = router.world, read_query(router.received, PlayerQuery)
        filters = query.filters
        after = None if query.cursor is None else cursors.read(world, filters, query.cursor)
        players, position = Players(world).find(query, after)
        following = None if position is None else cursors.issue(world, filters, position)
        headers = {}
        if following is not None:
            # RFC 8288, section 3.
            parameters = urlencode({"limit": query.limit, "cursor": following, **filters})
            headers["Link"] = f'<{world.base_url}/players?{parameters}>; rel="next"'
        return json_response(200, PlayerPage(items=players, next_cursor=following), headers)

    @router.operation("getPlayer")
    def get_player(player_id: str) -> Response[str]:
        return json_response(200, Players(router.world).get(player_id))

    @router.operation("replacePlayer")
    def replace_player(player_id: str) -> Response[str]:
        return json_response(200, Players(router.world).replace(player_id, _read_player(router)))

    @router.operation("deletePlayer")
    def delete_player(player_id: str) -> Response[str]:
        Players(router.world).delete(player_id)
        return Response(204)

    @router.operation("getStats")
    def get_stats(player_id: str) -> Response[str]:
        return json_response(200, Players(router.world).stats(player_id))

    return router


def _read_player(router: Router) -> PlayerInput:
    return read_json(router.received, PlayerInput, context=router.world.clock.now().date())
